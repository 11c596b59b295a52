import { z } from "@hono/zod-openapi";
import type { NodeExecutionDetail } from "#durable-objects/execution/protocol.ts";
import { MAX_WAIT_SECONDS, nodeExecutionSchema } from "./execution.ts";
import { jsonObjectSchema } from "./json-value.ts";
import { nodeUsageSchema, runErrorSchema, timeSchema } from "./run-figures.ts";

export const rerunQuerySchema = z.object({
  wait_seconds: z.coerce
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .default(0)
    .openapi({ description: "Answer with the finished run when it ends within this time." }),
});

export const forkExecutionSchema = z
  .strictObject({
    node_execution_id: z.string().min(1).max(100).openapi({ description: "The node execution to go on from." }),
    inputs: jsonObjectSchema
      .default({})
      .openapi({ description: "Values by pin, laid over what the node execution had." }),
  })
  .openapi("ForkExecution");

/** Most runs that one call retries. */
export const MAX_REDRIVE = 100;

export const redriveSchema = z
  .strictObject({
    filter: z.strictObject({
      graph_id: z.string().min(1).max(200).optional(),
      status: z.enum(["FAILED", "TERMINATED"]),
      error_code: z
        .string()
        .min(1)
        .max(200)
        .optional()
        .openapi({ description: "Runs that ended with this code, such as `outcome_unknown`." }),
      from: z.iso.datetime({ offset: true }).optional().openapi({ description: "Runs created at this time or later." }),
      to: z.iso.datetime({ offset: true }).optional().openapi({ description: "Runs created before this time." }),
      limit: z.int().min(1).max(MAX_REDRIVE).default(MAX_REDRIVE).openapi({ description: "The newest ones." }),
    }),
    cursor: z
      .string()
      .max(500)
      .optional()
      .openapi({ description: "`next_cursor` of the call before, with the same filter: goes on with older runs." }),
  })
  .openapi("Redrive");

export type RedriveFilter = z.input<typeof redriveSchema>["filter"];

export const redriveItemSchema = z
  .object({
    execution_id: z.string().openapi({ description: "The run that was retried." }),
    new_execution_id: z.string().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .openapi("RedriveItem", { description: "Either the new run, or why there is none." });
export type RedriveItem = z.infer<typeof redriveItemSchema>;

export const redriveResultSchema = z
  .object({
    items: z.array(redriveItemSchema),
    next_cursor: z.string().nullable().openapi({ description: "For the runs that this call had no room for." }),
  })
  .openapi("RedriveResult");
export type RedriveResult = z.infer<typeof redriveResultSchema>;

const attemptSchema = z.object({
  attempt: z.number(),
  started_at: timeSchema,
  ended_at: timeSchema.nullable(),
  outcome: z
    .enum(["running", "completed", "failed", "retrying", "lost", "waiting", "stopped"])
    .openapi({ description: "`lost`: its consumer vanished. `waiting`: the block asked to go on later." }),
  error: runErrorSchema.nullable(),
  retry_at: timeSchema.nullable().openapi({ description: "When the next attempt may begin at the earliest." }),
  usage: nodeUsageSchema.nullable(),
});

const causeSchema = z.object({
  pin: z.string(),
  node_execution_id: z.string().nullable().openapi({ description: "Whose output it was; null: an input of the run." }),
  node_id: z.string().nullable(),
  source_name: z
    .string()
    .nullable()
    .openapi({ description: "The output pin, with the part of the value that the link takes." }),
  at: timeSchema.nullable(),
});

export const nodeExecutionDetailSchema = nodeExecutionSchema
  .extend({
    attempts: z.array(attemptSchema).openapi({ description: "Oldest first; the last 1,000." }),
    causes: z.array(causeSchema).openapi({ description: "Where its input came from." }),
    missing_pins: z.array(z.string()).openapi({ description: "Linked pins that still lack a value." }),
    explanation: z.object({ code: z.string(), message: z.string() }).openapi({
      description:
        "Why it is as it is: `lacks_inputs`, `gathering`, `paused`, `ready`, `backoff`, `running`, `waits_for_time`, `waits_for_person`, `waits_for_run`, " +
        "`waits_for_call`, `reused`, `completed`, `failed`, `stopped`.",
    }),
  })
  .openapi("NodeExecutionDetail") satisfies z.ZodType<NodeExecutionDetail>;
export type NodeDetail = z.infer<typeof nodeExecutionDetailSchema>;
