import type { JsonObject, JsonValue } from "#graph/json.ts";

/** One file of `example-cases/`: how an agent of `examples/` is run, and what must come of it. */
export interface ExampleCases {
  /** What the pages that the agent asks for answer. A page belongs to one file only. */
  web?: WebAnswer[];
  /** What the language model answers to a prompt that contains all of these texts; without a match it answers as `fake-llm` does. */
  model?: { prompt_contains: string[]; text: string }[];
  cases: ExampleCase[];
}

export interface WebAnswer {
  url: string;
  status?: number;
  headers?: Record<string, string>;
  json?: JsonValue;
  text?: string;
}

export interface ExampleCase {
  name: string;
  inputs: JsonObject;
  /** Default `COMPLETED`. */
  status?: "COMPLETED" | "FAILED";
  /** Code of the run's error, for a run that fails. */
  error_code?: string;
  /** All outputs of the run, by name, in order. */
  outputs: Record<string, JsonValue[]>;
  /** What output nodes with a `format` show, by output name. */
  shown?: Record<string, JsonValue[]>;
}
