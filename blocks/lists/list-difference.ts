import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";
import { valueKey } from "./value-key.ts";

export default defineBlock({
  id: "05309873-9d61-447e-96b5-b804e2511829",
  name: "ListDifferenceBlock",
  description: "Gives the elements of one list that another does not hold.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list_a: list().meta({ description: "The list to take from." }),
    list_b: list().meta({ description: "What to take away." }),
    symmetric: z
      .boolean()
      .default(false)
      .meta({ description: "Add the elements of the second list that the first does not hold.", advanced: true }),
  }),
  output: z.object({
    difference: list().meta({ description: "The elements that are left, in order." }),
    length: z.int().meta({ description: "Their number." }),
  }),
  examples: [
    {
      name: "one way",
      input: { list_a: [1, 2, 2, 3], list_b: [3, 4] },
      expect: [
        ["difference", [1, 2, 2]],
        ["length", 3],
      ],
    },
    {
      name: "both ways",
      input: { list_a: [1, 2], list_b: [2, { a: 1 }], symmetric: true },
      expect: [
        ["difference", [1, { a: 1 }]],
        ["length", 2],
      ],
    },
    {
      name: "a text is no number",
      input: { list_a: ["1"], list_b: [1] },
      expect: [
        ["difference", ["1"]],
        ["length", 1],
      ],
    },
    {
      name: "nothing left",
      input: { list_a: [{ a: 1, b: 2 }], list_b: [{ b: 2, a: 1 }] },
      expect: [
        ["difference", []],
        ["length", 0],
      ],
    },
  ],
  async *run({ input: { list_a, list_b, symmetric } }) {
    const inA = new Set(list_a.map(valueKey));
    const inB = new Set(list_b.map(valueKey));
    const onlyA = list_a.filter((element) => !inB.has(valueKey(element)));
    const difference = symmetric ? [...onlyA, ...list_b.filter((element) => !inA.has(valueKey(element)))] : onlyA;
    yield ["difference", difference];
    yield ["length", difference.length];
  },
});
