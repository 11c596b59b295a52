import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";

export default defineBlock({
  id: "422cb708-3109-4277-bfe3-bc2ae5812777",
  name: "ReverseListOrderBlock",
  description: "Turns a list round.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({ input_list: list().meta({ description: "The list." }) }),
  output: z.object({ reversed_list: list().meta({ description: "The same elements, last first." }) }),
  examples: [
    { name: "a list", input: { input_list: [1, "b", null] }, expect: [["reversed_list", [null, "b", 1]]] },
    { name: "an empty list", input: { input_list: [] }, expect: [["reversed_list", []]] },
    { name: "a single value is a list of one", input: { input_list: "x" }, expect: [["reversed_list", ["x"]]] },
  ],
  async *run({ input }) {
    yield ["reversed_list", input.input_list.toReversed()];
  },
});
