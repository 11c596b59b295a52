import { z } from "@hono/zod-openapi";
import type { ShownStoredValue } from "#durable-objects/execution/shown-value.ts";

/** What stands for a large value wherever a run is shown: `{"$value": …}`. */
export const storedValueSchema = z
  .object({
    sha256: z.string().openapi({ description: "Of the value's JSON text, in hex." }),
    size: z.number().int().openapi({ description: "Bytes of the value's JSON text." }),
    type: z.enum(["string", "number", "boolean", "object", "array", "null"]),
    preview: z.string().openapi({ description: "The beginning of the JSON text." }),
    url: z.string().openapi({ description: "The path that gives the value itself." }),
  })
  .openapi("StoredValue", {
    description:
      'A value of more than 256 KiB of JSON is stored by itself. Wherever the run is shown (its inputs, outputs, node executions, events, live view), `{"$value": …}` ' +
      "with this stands for it. Blocks get the value itself.",
  }) satisfies z.ZodType<ShownStoredValue>;

export const storedValueParamsSchema = z.object({
  id: z.string().min(1).max(200),
  sha256: z.string().min(1).max(200).openapi({ description: "As in the `$value` that stands for it." }),
});
