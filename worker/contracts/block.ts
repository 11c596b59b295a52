import { z } from "@hono/zod-openapi";
import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import { BLOCK_CATEGORIES, BLOCK_EFFECTS } from "#graph/catalog/block-descriptor.ts";
import type { JsonSchema } from "#graph/json.ts";
import { jsonObjectSchema, jsonValueSchema } from "./json-value.ts";
import { listOf } from "./list.ts";

const pinSchema = z
  .custom<JsonSchema>((value) => typeof value === "object" && value !== null)
  .openapi({ type: "object", additionalProperties: true, description: "JSON Schema of the pins." });

const effectsSchema = z.enum(BLOCK_EFFECTS);

export const blockSchema = z
  .object({
    id: z.string(),
    version: z
      .int()
      .optional()
      .openapi({ description: "Counted up when the block does something else with the same input. Absent: 1." }),
    name: z.string(),
    description: z.string(),
    categories: z.array(z.enum(BLOCK_CATEGORIES)),
    ui_type: z.enum([
      "Standard",
      "Input",
      "Output",
      "Note",
      "Webhook",
      "Webhook (manual)",
      "Agent",
      "AI",
      "Human In The Loop",
      "MCP Tool",
    ]),
    static_output: z.boolean(),
    effects: effectsSchema.openapi({
      description:
        "What an attempt does outside: nothing (pure), it only asks (safe), something that is the same when it is done twice (idempotent); a lost attempt of these is repeated, one of a once block is not.",
    }),
    effects_by: z
      .object({ pin: z.string(), effects: z.record(z.string(), effectsSchema) })
      .optional()
      .openapi({ description: "Other effects for some values of a pin, where the value stands in the node itself." }),
    pool: z.enum(["io", "cpu", "memory"]),
    timeout_ms: z.number(),
    input_schema: pinSchema,
    output_schema: pinSchema,
    disabled: z.boolean(),
    gathers: z
      .object({ pin: z.string(), count_pin: z.string() })
      .optional()
      .openapi({ description: "It gathers the values of the pin to lists, of so many as the count pin says." }),
    waits: z.boolean().optional().openapi({
      description:
        "It may put its node to sleep: until a time, or until people or others act. A dry run gives a sample instead.",
    }),
  })
  .openapi("Block") satisfies z.ZodType<BlockDescriptor>;

export const blockListSchema = listOf(blockSchema).openapi("BlockList");

export const executeBlockSchema = z.strictObject({ inputs: jsonObjectSchema.default({}) }).openapi("ExecuteBlock");

export const blockOutputSchema = z
  .object({
    outputs: z
      .record(z.string(), z.array(jsonValueSchema))
      .openapi({ description: "Values by pin, in order of yield." }),
  })
  .openapi("BlockOutput");
export type BlockOutput = z.infer<typeof blockOutputSchema>;
