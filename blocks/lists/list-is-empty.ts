import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";

export default defineBlock({
  id: "896ed73b-27d0-41be-813c-c1c1dc856c03",
  name: "ListIsEmptyBlock",
  description: "Tells whether a list has no elements.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({ list: list().meta({ description: "The list." }) }),
  output: z.object({ is_empty: z.boolean().meta({ description: "True when it has no elements." }) }),
  examples: [
    { name: "an element", input: { list: [null] }, expect: [["is_empty", false]] },
    { name: "none", input: { list: [] }, expect: [["is_empty", true]] },
  ],
  async *run({ input }) {
    yield ["is_empty", input.list.length === 0];
  },
});
