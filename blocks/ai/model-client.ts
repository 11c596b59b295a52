import type { BlockContext } from "#blocks/define-block.ts";
import type { JsonSchema } from "#graph/json.ts";

/** One message of a conversation. A `tool` message answers the call of the same id in an earlier `assistant` message. */
export type ModelMessage =
  | { role: "system" | "user"; content: string }
  | { role: "assistant"; content: string; toolCalls?: ToolCall[] }
  | { role: "tool"; content: string; toolCallId: string };

export interface ModelTool {
  name: string;
  description?: string;
  /** Schema of an object. */
  parameters: JsonSchema;
}

export interface ToolCall {
  id: string;
  name: string;
  /** JSON, as the model wrote it: it may be malformed. */
  arguments: string;
}

export interface ModelRequest {
  /** Any name that the provider knows. */
  model: string;
  messages: ModelMessage[];
  /** Most tokens to generate; the provider's own limit when absent. */
  maxTokens?: number;
  tools?: ModelTool[];
  /** Default `auto`. */
  toolChoice?: "auto" | "none" | "required" | { name: string };
  /** The reply must be JSON of this schema (of an object). Not together with `tools`. */
  format?: { name: string; schema: JsonSchema };
  signal: AbortSignal;
  /** Sent as `Idempotency-Key`: the same for the same call in every attempt of a node execution. Absent: none is sent. */
  idempotencyKey?: string;
  /** Text as it comes in. */
  onText?: (delta: string) => void;
}

export interface ModelReply {
  text: string;
  toolCalls: ToolCall[];
  /** `length`: cut off at a limit of tokens. `refused`: the model or a filter declined. */
  stop: "end" | "length" | "tool_calls" | "refused";
  /** Tokens; zero when the provider does not tell. `cachedInputTokens` are those of the input that it had in its cache. */
  usage: { inputTokens: number; outputTokens: number; cachedInputTokens?: number };
}

/**
 * A provider of language models. Streams internally. `generate` throws BlockError (codes: see `modelError`), or the signal's reason
 * when it aborts; it never retries by itself and no message of its errors has the key in it.
 */
export interface ModelClient {
  generate(request: ModelRequest): Promise<ModelReply>;
}

/** What both clients' calls have in common. */
export function callOptions({ signal, idempotencyKey }: ModelRequest): {
  signal: AbortSignal;
  headers?: Record<string, string>;
} {
  return idempotencyKey === undefined ? { signal } : { signal, headers: { "idempotency-key": idempotencyKey } };
}

/** How to reach a provider. */
export interface ModelEndpoint {
  /** What a person calls it, for messages: `OpenAI`, `the Ollama host localhost:11434`. */
  name: string;
  /** Empty when the server wants none. */
  apiKey: string;
  /** Undefined: the provider's own address. */
  baseUrl: string | undefined;
  fetch: BlockContext["fetch"];
}
