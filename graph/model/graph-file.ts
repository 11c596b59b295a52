import * as z from "zod";
import type { JsonValue } from "../json.ts";

/**
 * The agent file: AutoGPT's graph JSON (reference: autogpt.md §3.1), read leniently in every variant seen in exports.
 * Unknown keys are kept (`looseObject`), so that import → export → import loses nothing.
 */
const jsonValue: z.ZodType<JsonValue> = z.json() as z.ZodType<JsonValue>;
const jsonRecord = z.record(z.string(), jsonValue);

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
  timeout_ms: z.int().min(1).max(600_000).optional(),
  cache: z.object({ ttl_seconds: z.int().min(1) }).optional(),
  pinned: z.record(z.string(), z.array(jsonValue)).optional(),
});

export const nodeSchema = z.looseObject({
  id: z.string().min(1).max(200),
  block_id: z.string().min(1).max(200),
  input_default: jsonRecord.default({}),
  metadata: z
    .looseObject({
      position: z.object({ x: z.number(), y: z.number() }).optional(),
      customized_name: z.string().nullish(),
      weft: nodeWeftSchema.optional(),
    })
    .default({}),
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
