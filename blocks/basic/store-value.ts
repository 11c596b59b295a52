import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

export default defineBlock({
  id: "1ff065e9-88e8-4358-9d82-8dc91f622ba9",
  name: "StoreValueBlock",
  description: "Keeps a value and gives it again to every later run of the blocks linked to it.",
  categories: ["BASIC"],
  staticOutput: true,
  effects: "pure",
  input: z.object({
    input: anyValue().meta({ description: "Triggers the block; kept when no data is set." }),
    data: anyValue().default(null).meta({ description: "The constant to keep instead of the input." }),
  }),
  output: z.object({ output: anyValue().meta({ description: "The kept value." }) }),
  examples: [
    { name: "keeps its input", input: { input: "hello" }, expect: [["output", "hello"]] },
    { name: "prefers the constant", input: { input: "trigger", data: { a: 1 } }, expect: [["output", { a: 1 }]] },
    {
      name: "a constant of zero counts (decision 0004 g)",
      input: { input: "trigger", data: 0 },
      expect: [["output", 0]],
    },
    { name: "keeps null", input: { input: null }, expect: [["output", null]] },
    { name: "needs an input", input: { data: 1 }, expectError: '"input"' },
  ],
  async *run({ input }) {
    yield ["output", input.data ?? input.input];
  },
});
