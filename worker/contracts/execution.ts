import { z } from "@hono/zod-openapi";
import type { ExecutionView, NodeExecutionView, ReviewView } from "#durable-objects/execution/protocol.ts";
import type { QueuedReason } from "#durable-objects/workspace/protocol.ts";
import type { JsonValue } from "#graph/json.ts";
import { jsonObjectSchema, jsonValueSchema } from "./json-value.ts";
import { listOf, pageQuerySchema } from "./list.ts";
import {
  executionStatusSchema,
  nodeUsageSchema,
  reusedSchema,
  runErrorSchema,
  runStatsSchema,
  timeSchema,
} from "./run-figures.ts";

export const MAX_WAIT_SECONDS = 60;

/** Values by output pin. */
const pinnedOutputsSchema = z
  .custom<Record<string, JsonValue[]>>(
    (value) =>
      typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(Array.isArray),
    { error: "Expected a list of values for each output pin." },
  )
  .openapi({ type: "object", additionalProperties: { type: "array", items: {} } });

export const startExecutionSchema = z
  .strictObject({
    graph_id: z.string().min(1).max(200),
    graph_version: z.int().min(1).optional().openapi({ description: "Default: the active version." }),
    inputs: jsonObjectSchema.default({}).openapi({ description: "Values by input name." }),
    wait_seconds: z
      .number()
      .min(0)
      .max(MAX_WAIT_SECONDS)
      .default(0)
      .openapi({ description: "Answer with the finished run when it ends within this time." }),
    dry_run: z.boolean().default(false).openapi({
      description:
        "Touch nothing outside: nodes that would give samples that fit their outputs. Required inputs that are not given are sampled too.",
    }),
    pinned: z
      .union([z.boolean(), z.record(z.string(), pinnedOutputsSchema)])
      .default(false)
      .openapi({
        description: "Outputs that nodes give instead of being run: true for those in the file, or by node id.",
      }),
    until_node_id: z
      .string()
      .min(1)
      .optional()
      .openapi({ description: "Run only this node and those that lead to it." }),
    only_node_id: z.string().min(1).optional().openapi({
      description: "Run only this node; `inputs` are its pins, laid over the values that it has in the file.",
    }),
  })
  .refine(({ until_node_id, only_node_id }) => until_node_id === undefined || only_node_id === undefined, {
    error: "Give until_node_id or only_node_id, not both.",
    path: ["only_node_id"],
  })
  .openapi("StartExecution");
export type StartExecution = z.infer<typeof startExecutionSchema>;
export type StartExecutionRequest = z.input<typeof startExecutionSchema>;

/** Where a run stands: what lists show, and the head of the full view. */
export const executionSummarySchema = z
  .object({
    id: z.string(),
    graph_id: z.string(),
    graph_version: z.number(),
    graph_name: z.string(),
    status: executionStatusSchema,
    source: z.string().openapi({ description: "Where the run came from: `api`, `page`, `external_api`, …" }),
    error: runErrorSchema.nullable(),
    stats: runStatsSchema,
    created_at: timeSchema,
    started_at: timeSchema.nullable(),
    ended_at: timeSchema.nullable(),
  })
  .openapi("ExecutionSummary");
export type ExecutionListItem = z.infer<typeof executionSummarySchema>;

export const nodeExecutionSchema = z
  .object({
    node_execution_id: z.string(),
    node_id: z.string(),
    block_id: z.string(),
    status: executionStatusSchema,
    attempt: z.number(),
    input: jsonObjectSchema,
    output: z
      .record(z.string(), z.array(jsonValueSchema))
      .openapi({ description: 'Values by pin, in order; `{"$value": StoredValue}` for large ones.' }),
    error: runErrorSchema.nullable(),
    usage: nodeUsageSchema.nullable(),
    reused: reusedSchema.nullable(),
    queued_at: timeSchema.nullable(),
    started_at: timeSchema.nullable(),
    ended_at: timeSchema.nullable(),
    duration_ms: z.number().nullable(),
  })
  .openapi("NodeExecution") satisfies z.ZodType<NodeExecutionView>;
export type NodeExecution = z.infer<typeof nodeExecutionSchema>;

export const nodeExecutionListSchema = listOf(nodeExecutionSchema).openapi("NodeExecutionList");

export const queuedReasonSchema = z
  .object({
    code: z.enum(["concurrency", "throttle", "debounce", "singleton", "workspace_limit"]),
    message: z.string(),
  })
  .openapi("QueuedReason", {
    description: "Why a run that was accepted has not started yet; null when nothing keeps it.",
  }) satisfies z.ZodType<QueuedReason>;

export const executionSchema = executionSummarySchema
  .extend({
    inputs: jsonObjectSchema,
    outputs: z.record(z.string(), z.array(jsonValueSchema)).openapi({
      description:
        'Values by output name, in the order in which they arrived; `{"$value": StoredValue}` for large ones.',
    }),
    paused: z.boolean().openapi({ description: "No node is started until the run is resumed." }),
    parent_execution_id: z.string().nullable().openapi({ description: "The run that started this one." }),
    retried_from: z.string().nullable().openapi({ description: "The run whose failed nodes this one runs again." }),
    forked_from: z
      .object({ execution_id: z.string(), node_execution_id: z.string() })
      .nullable()
      .openapi({ description: "The run and node execution that this one goes on from with other inputs." }),
    dry_run: z
      .boolean()
      .openapi({ description: "Nothing outside was touched and nothing waited: such nodes gave samples." }),
    sampled_inputs: z
      .array(z.string())
      .optional()
      .openapi({ description: "Inputs of a dry run that were not given, so that samples stand there. Absent: none." }),
    shape: z
      .object({
        only_node_id: z.string().optional(),
        until_node_id: z.string().optional(),
        pinned_node_ids: z
          .array(z.string())
          .optional()
          .openapi({ description: "Nodes that gave the outputs that they were told to give." }),
      })
      .optional()
      .openapi({ description: "What of the agent ran, if not all of it. Such runs teach the estimate nothing." }),
    last_seq: z.number().int(),
    queued_reason: queuedReasonSchema.nullable(),
  })
  .openapi("Execution") satisfies z.ZodType<ExecutionView>;

export const executionWithNodesSchema = executionSchema
  .extend({
    nodes: nodeExecutionListSchema
      .optional()
      .openapi({ description: "First page of the node executions, with `include=nodes`." }),
  })
  .openapi("ExecutionWithNodes");
export type ExecutionWithNodes = z.infer<typeof executionWithNodesSchema>;

export const reviewSchema = z
  .object({
    review_id: z.string().openapi({ description: "The node execution that asks." }),
    node_id: z.string(),
    payload: jsonValueSchema.openapi({ description: "What is asked: `name`, `data`, `editable`." }),
    asked_at: timeSchema,
    until: timeSchema.nullable().openapi({ description: "When the run goes on without an answer." }),
  })
  .openapi("Review") satisfies z.ZodType<ReviewView>;

export type Review = z.infer<typeof reviewSchema>;

export const reviewListSchema = z.object({ items: z.array(reviewSchema) }).openapi("ReviewList");

export const reviewDecisionSchema = z
  .strictObject({
    approved: z.boolean(),
    data: jsonValueSchema.optional().openapi({ description: "The data to go on with; absent: as it was shown." }),
    message: z.string().max(10_000).optional(),
    auto_approve_future: z
      .boolean()
      .default(false)
      .openapi({ description: "Approve further reviews of the same node in this run, pending ones included." }),
  })
  .openapi("ReviewDecision");
export type ReviewDecision = z.input<typeof reviewDecisionSchema>;

export const executionListSchema = listOf(executionSummarySchema).openapi("ExecutionList");

export const executionListQuerySchema = pageQuerySchema.extend({
  graph_id: z.string().max(200).optional(),
  status: executionStatusSchema.optional(),
});
export type ExecutionListQuery = z.infer<typeof executionListQuerySchema>;

export const executionQuerySchema = z.object({
  include: z.enum(["nodes"]).optional(),
});
