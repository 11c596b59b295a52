import { z } from "@hono/zod-openapi";
import type { Quantiles } from "#durable-objects/workspace/protocol.ts";
import { timeSchema } from "./run-figures.ts";

const quantilesSchema = z
  .object({
    p50: z.number().openapi({ description: "Half of the runs took no more." }),
    p90: z.number(),
    p99: z.number(),
  })
  .openapi("Quantiles") satisfies z.ZodType<Quantiles>;

/** Not `nullable()`: what is said of one field would become what is said of all of them. */
function quantilesOrNull(description: string) {
  return z.union([quantilesSchema, z.null()]).openapi({ description });
}

export const estimateSchema = z
  .object({
    graph_id: z.string(),
    sample_size: z.number().int().openapi({
      description:
        "Runs that the estimate is taken from; with `blocks`, executions of the least known block. With 0 nothing is known yet.",
    }),
    basis: z.enum(["hour_of_week", "hour_of_day", "all", "blocks", "none"]).openapi({
      description:
        "Which runs: those of this hour of the week (UTC), of this hour of any day, or all. The narrowest that has 30 runs. " +
        "`blocks`: none of this agent, but what its blocks took in others, each node once; waits, sub-agents, loops and lists are not in it.",
    }),
    duration_ms: quantilesOrNull(
      "From the first node to the end, waits included, within 5 %. With `blocks` a guess, without waits.",
    ),
    tokens: quantilesOrNull("Of models, input and output together."),
    cost_usd: quantilesOrNull("US dollars of the runs whose cost is known; null while there is none."),
    size: quantilesOrNull(
      "About how many characters of JSON the largest node execution of a run has as inputs and outputs.",
    ),
    memory_class: z
      .enum(["small", "large"])
      .nullable()
      .openapi({
        description:
          "`large` when one run in ten has a size of 4,000,000 or more: its blocks belong in the memory pool, and on Cloudflare values of ten times that do not fit. " +
          "Null while nothing is known.",
      }),
    queued_before: z
      .number()
      .int()
      .openapi({ description: "Runs that wait for a place before one that is started now." }),
    outliers: z
      .array(z.object({ execution_id: z.string(), duration_ms: z.number(), p99_ms: z.number(), at: timeSchema }))
      .openapi({
        description:
          "The last runs that took more than three times as long as 99 % of those before them, newest first.",
      }),
  })
  .openapi("Estimate");
export type EstimateView = z.infer<typeof estimateSchema>;
