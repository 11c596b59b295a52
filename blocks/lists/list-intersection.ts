import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";
import { valueKey, withoutDuplicates } from "./value-key.ts";

export default defineBlock({
  id: "b6eb08b6-dbe3-411b-b9b4-2508cb311a1f",
  name: "ListIntersectionBlock",
  description: "Gives the elements that two lists share, each once, in the order of the first list.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list_a: list().meta({ description: "The first list." }),
    list_b: list().meta({ description: "The second list." }),
  }),
  output: z.object({
    intersection: list().meta({ description: "The elements that both hold." }),
    length: z.int().meta({ description: "Their number." }),
  }),
  examples: [
    {
      name: "shared elements",
      input: { list_a: [3, 1, 3, { a: 1 }], list_b: [{ a: 1 }, 3] },
      expect: [
        ["intersection", [3, { a: 1 }]],
        ["length", 2],
      ],
    },
    {
      name: "nothing shared",
      input: { list_a: [1], list_b: ["1", true] },
      expect: [
        ["intersection", []],
        ["length", 0],
      ],
    },
  ],
  async *run({ input: { list_a, list_b } }) {
    const inB = new Set(list_b.map(valueKey));
    const shared = withoutDuplicates(list_a.filter((element) => inB.has(valueKey(element))));
    yield ["intersection", shared];
    yield ["length", shared.length];
  },
});
