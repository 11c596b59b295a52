import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { dictionary } from "../pin-types.ts";

export default defineBlock({
  id: "a3cf3f64-6bb9-4cc6-9900-608a0b3359b0",
  name: "DictionaryIsEmptyBlock",
  description: "Tells whether a dictionary has no entries.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({ dictionary: dictionary().meta({ description: "The dictionary." }) }),
  output: z.object({ is_empty: z.boolean().meta({ description: "True when it has no entries." }) }),
  examples: [
    { name: "an entry", input: { dictionary: { a: null } }, expect: [["is_empty", false]] },
    { name: "none", input: { dictionary: {} }, expect: [["is_empty", true]] },
  ],
  async *run({ input }) {
    yield ["is_empty", Object.keys(input.dictionary).length === 0];
  },
});
