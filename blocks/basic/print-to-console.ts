import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

/** Longest text that is written, characters; the value itself is passed on whole. */
const MAX_LINE = 10_000;

export default defineBlock({
  id: "f3b1c1b2-4c4f-4f0d-8d2f-4c4f0d8d2f4c",
  name: "PrintToConsoleBlock",
  description: "Writes a value to the run's log and passes it on.",
  categories: ["BASIC"],
  effects: "idempotent",
  input: z.object({ text: anyValue().meta({ description: "What to write." }) }),
  output: z.object({
    output: anyValue().meta({ description: "The value that was written." }),
    status: z.string().meta({ description: 'Always "printed".' }),
  }),
  examples: [
    {
      name: "a text",
      input: { text: "Hello" },
      expect: [
        ["output", "Hello"],
        ["status", "printed"],
      ],
    },
    {
      name: "anything else",
      input: { text: { a: [1] } },
      expect: [
        ["output", { a: [1] }],
        ["status", "printed"],
      ],
    },
  ],
  async *run({ input, ctx }) {
    const line = typeof input.text === "string" ? input.text : JSON.stringify(input.text);
    ctx.logger.info(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}… (${line.length} characters)` : line);
    yield ["output", input.text];
    yield ["status", "printed"];
  },
});
