import { z } from "@hono/zod-openapi";
import type { NodeUsage, RunError, RunStats } from "#graph/run/event.ts";
import { REUSED } from "#graph/run/event.ts";
import { EXECUTION_STATUSES } from "#graph/run/status.ts";

export const executionStatusSchema = z.enum(EXECUTION_STATUSES).openapi("ExecutionStatus");

export const timeSchema = z.string().openapi({ format: "date-time", example: "2026-11-22T20:16:00.000Z" });

export const runErrorSchema = z
  .object({ code: z.string(), message: z.string(), node_id: z.string().optional() })
  .openapi("RunError") satisfies z.ZodType<RunError>;

export const runStatsSchema = z
  .object({
    duration_ms: z.number().openapi({ description: "From the start to the terminal state." }),
    node_time_ms: z.number().openapi({ description: "Sum of the time that node executions ran." }),
    node_execution_count: z.number(),
    node_error_count: z.number(),
    input_tokens: z.number(),
    output_tokens: z.number(),
    cost_usd: z.number().optional().openapi({
      description:
        "US dollars: the sum of what is known. Absent while no cost is known, as with models that have no known price.",
    }),
  })
  .openapi("RunStats") satisfies z.ZodType<RunStats>;

export const reusedSchema = z.enum(REUSED).openapi("Reused", {
  description:
    "Why the block was not run: `memo` has the result of the run that this one was started from, `pinned` and `sample` the outputs that the " +
    "node was given, `cache` those of an equal execution.",
});

export const nodeUsageSchema = z
  .object({
    input_tokens: z.number().optional(),
    output_tokens: z.number().optional(),
    calls: z.number().optional(),
    cost_usd: z.number().optional().openapi({ description: "US dollars. Absent when it is not known." }),
  })
  .openapi("NodeUsage") satisfies z.ZodType<NodeUsage>;
