import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { checkTextLength } from "./text-limit.ts";

export default defineBlock({
  id: "e30a4d42-7b7d-4e6a-b36e-1f9b8e3b7d85",
  name: "CombineTextsBlock",
  description: "Joins texts into one.",
  categories: ["TEXT"],
  effects: "pure",
  input: z.object({
    input: z.array(z.string()).meta({ description: "The texts, in order." }),
    delimiter: z.string().default("").meta({ description: "What to put between them.", advanced: false }),
  }),
  output: z.object({ output: z.string().meta({ description: "The joined text." }) }),
  examples: [
    { name: "two texts", input: { input: ["Hello", "world"], delimiter: " " }, expect: [["output", "Hello world"]] },
    { name: "no delimiter", input: { input: ["a", "b"] }, expect: [["output", "ab"]] },
    {
      name: "from separate pins",
      input: { input_$_0: "x", input_$_1: 2, delimiter: "-" },
      expect: [["output", "x-2"]],
    },
    { name: "no texts", input: { input: [], delimiter: "," }, expect: [["output", ""]] },
  ],
  async *run({ input: { input: texts, delimiter } }) {
    checkTextLength(texts.reduce((sum, text) => sum + text.length, delimiter.length * texts.length));
    yield ["output", texts.join(delimiter)];
  },
});
