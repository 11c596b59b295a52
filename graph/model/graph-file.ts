import * as z from "zod";
import type { JsonObject, JsonValue } from "../json.ts";
import { findNonJson, isJsonObject } from "../json-value.ts";
import { flowSettingsSchema } from "./flow-settings.ts";

/**
 * The agent file: AutoGPT's graph JSON (reference: autogpt.md §3.1), read leniently in every variant seen in exports.
 * Unknown keys are kept (`looseObject`), so that import → export → import loses nothing.
 */

/**
 * Any JSON value, the very one given: zod's own `json()` and `record()` would drop a `__proto__` key without a word.
 */
export const jsonValueSchema: z.ZodType<JsonValue, JsonValue> = z.custom<JsonValue>().superRefine((value, context) => {
  reportNonJson(value, context);
});

/** Any JSON object, the very one given. */
export const jsonObjectSchema: z.ZodType<JsonObject, JsonObject> = z
  .custom<JsonObject>()
  .superRefine((value, context) => {
    if (isJsonObject(value)) {
      reportNonJson(value, context);
    } else {
      context.addIssue({ code: "custom", message: "must be an object", input: value });
    }
  });

function reportNonJson(value: unknown, context: z.core.$RefinementCtx): void {
  const finding = findNonJson(value);
  if (finding !== undefined) {
    context.addIssue({ code: "custom", message: `${finding.path} ${finding.message}`.trim(), input: value });
  }
}

export const retryPolicySchema = z.object({
  max_attempts: z.int().min(1).max(100).default(1),
  backoff_ms: z.int().min(0).max(86_400_000).default(1_000),
  max_backoff_ms: z.int().min(0).max(86_400_000).default(60_000),
  on: z.array(z.string()).optional(),
});
export type RetryPolicy = z.infer<typeof retryPolicySchema>;

/** Weft's own per-node settings, kept under `metadata.weft`. */
export const nodeWeftSchema = z.looseObject({
  retry: retryPolicySchema.optional(),
  /** Longest time of one attempt, ms. */
  timeout_ms: z.int().min(1).max(600_000).optional(),
  /** Longest time from the first attempt to the end of the last, ms; at most 366 days. */
  total_timeout_ms: z.int().min(1).max(31_622_400_000).optional(),
  cache: z.object({ ttl_seconds: z.int().min(1) }).optional(),
  pinned: z.record(z.string(), z.array(jsonValueSchema)).optional(),
});

export const positionSchema = z.looseObject({ x: z.number(), y: z.number() });

export const nodeMetadataSchema = z.looseObject({
  position: positionSchema.optional(),
  customized_name: z.string().nullish(),
  weft: nodeWeftSchema.optional(),
});

export const nodeSchema = z.looseObject({
  id: z.string().min(1).max(200),
  block_id: z.string().min(1).max(200),
  input_default: jsonObjectSchema.default({}),
  metadata: nodeMetadataSchema.default({}),
});
export type GraphNode = z.infer<typeof nodeSchema>;

export const linkSchema = z.looseObject({
  id: z.string().min(1).max(200),
  source_id: z.string().min(1).max(200),
  sink_id: z.string().min(1).max(200),
  source_name: z.string().min(1).max(500),
  sink_name: z.string().min(1).max(500),
  is_static: z.boolean().default(false),
});
export type GraphLink = z.infer<typeof linkSchema>;

/** Most node executions of one run unless the graph says otherwise. */
export const DEFAULT_STEP_LIMIT = 10_000;

/** Weft's own settings of a graph, kept under `metadata.weft`. */
export const graphWeftSchema = z.looseObject({
  step_limit: z.int().min(1).max(10_000_000).optional(),
  /** Longest time of a run, ms; at most 366 days. */
  timeout_ms: z.int().min(1).max(31_622_400_000).optional(),
  flow: flowSettingsSchema.optional(),
});

export const graphMetadataSchema = z.looseObject({ weft: graphWeftSchema.optional() });

const graphShape = {
  id: z.string().min(1).max(200).optional(),
  version: z.int().min(1).default(1),
  is_active: z.boolean().default(true),
  name: z.string().max(1_000),
  description: z.string().max(100_000).default(""),
  instructions: z.string().max(100_000).nullish(),
  recommended_schedule_cron: z.string().max(200).nullish(),
  forked_from_id: z.string().max(200).nullish(),
  forked_from_version: z.int().nullish(),
  metadata: graphMetadataSchema.optional(),
  nodes: z.array(nodeSchema).default([]),
  links: z.array(linkSchema).default([]),
};

/** An agent that agent nodes of the main graph run, directly or through one another: the list is flat. */
export const subGraphSchema = z.looseObject(graphShape);
export type SubGraph = z.infer<typeof subGraphSchema>;

export const graphSchema = z.looseObject({ ...graphShape, sub_graphs: z.array(subGraphSchema).default([]) });
/** A graph as the whole platform holds it: parsed, defaults filled in. */
export type GraphFile = z.infer<typeof graphSchema>;
