import { z } from "@hono/zod-openapi";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { WAIT_KINDS } from "#graph/run/wait.ts";
import { jsonObjectSchema, jsonValueSchema } from "./json-value.ts";
import { nodeUsageSchema, reusedSchema, runErrorSchema, runStatsSchema, timeSchema } from "./run-figures.ts";

const header = {
  seq: z.number().int().openapi({ description: "Counts from 1 without gaps." }),
  at: timeSchema,
};
const nodeRef = { node_execution_id: z.string(), node_id: z.string() };

/** One event of a run: an item of the JSON answer, a message of the WebSocket, the data of a server-sent event. */
export const executionEventSchema = z
  .discriminatedUnion("type", [
    z.object({
      ...header,
      type: z.literal("execution_started"),
      graph_id: z.string(),
      graph_version: z.number(),
      inputs: jsonObjectSchema,
    }),
    z.object({ ...header, type: z.literal("execution_running") }),
    z.object({
      ...header,
      ...nodeRef,
      type: z.literal("node_input"),
      pin: z.string(),
      value: jsonValueSchema,
      gathered: z.literal(true).optional().openapi({ description: "The pin gathers: the value is one of a list." }),
    }),
    z.object({ ...header, ...nodeRef, type: z.literal("node_queued"), input: jsonObjectSchema }),
    z.object({ ...header, ...nodeRef, type: z.literal("execution_output"), name: z.string(), value: jsonValueSchema }),
    z.object({ ...header, ...nodeRef, type: z.literal("node_started"), attempt: z.number() }),
    z.object({ ...header, ...nodeRef, type: z.literal("node_output"), pin: z.string(), value: jsonValueSchema }),
    z.object({
      ...header,
      ...nodeRef,
      type: z.literal("node_completed"),
      duration_ms: z.number(),
      usage: nodeUsageSchema.optional(),
      reused: reusedSchema.optional(),
    }),
    z.object({
      ...header,
      ...nodeRef,
      type: z.literal("node_failed"),
      error: runErrorSchema,
      handled: z.boolean().openapi({ description: "A link leaves from the node's `error` pin." }),
      duration_ms: z.number(),
      usage: nodeUsageSchema.optional(),
    }),
    z.object({
      ...header,
      ...nodeRef,
      type: z.literal("node_retrying"),
      attempt: z.number(),
      error: runErrorSchema,
      retry_at: timeSchema,
      usage: nodeUsageSchema.optional().openapi({ description: "Of the attempt that failed." }),
    }),
    z.object({
      ...header,
      ...nodeRef,
      type: z.literal("node_waiting"),
      kind: z.enum(WAIT_KINDS),
      until: timeSchema.nullable().openapi({ description: "When it goes on at the latest." }),
      payload: jsonValueSchema,
      duration_ms: z.number(),
      usage: nodeUsageSchema.optional().openapi({ description: "Of the attempt that ended with the wait." }),
    }),
    z.object({
      ...header,
      ...nodeRef,
      type: z.literal("node_resumed"),
      reason: z.enum(["timer", "signal", "timeout"]),
    }),
    z.object({ ...header, ...nodeRef, type: z.literal("node_terminated"), usage: nodeUsageSchema.optional() }),
    z.object({ ...header, type: z.literal("execution_review") }),
    z.object({ ...header, type: z.literal("execution_paused") }),
    z.object({ ...header, type: z.literal("execution_unpaused") }),
    z.object({ ...header, type: z.literal("execution_completed"), stats: runStatsSchema }),
    z.object({ ...header, type: z.literal("execution_failed"), error: runErrorSchema, stats: runStatsSchema }),
    z.object({ ...header, type: z.literal("execution_terminated"), reason: z.string(), stats: runStatsSchema }),
  ])
  .openapi("ExecutionEvent") satisfies z.ZodType<ExecutionEvent>;

export const executionEventPageSchema = z
  .object({
    items: z.array(executionEventSchema),
    next_cursor: z
      .string()
      .nullable()
      .openapi({ description: "Pass as `after` for the events that follow; null when there are none yet." }),
    last_seq: z.number().int().openapi({ description: "Number of the newest event of the run." }),
    ended: z.boolean().openapi({ description: "No event will follow `last_seq`." }),
  })
  .openapi("ExecutionEventPage");
export type ExecutionEventPage = z.infer<typeof executionEventPageSchema>;

export const MAX_EVENT_PAGE = 1_000;

export const eventQuerySchema = z.object({
  after: z.coerce.number().int().min(0).default(0).openapi({ description: "Only events with a higher `seq`." }),
  limit: z.coerce.number().int().min(1).max(MAX_EVENT_PAGE).default(500),
});

/** The types after which no event follows. */
export const TERMINAL_EVENT_TYPES: ReadonlySet<string> = new Set<ExecutionEvent["type"]>([
  "execution_completed",
  "execution_failed",
  "execution_terminated",
]);
