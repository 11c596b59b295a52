import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";

export default defineBlock({
  id: "9f616084-1d9f-4f8e-bc00-5b9d2a75cd75",
  name: "InterleaveListsBlock",
  description: "Takes one element of each list in turn until all are used up.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({ lists: z.array(list()).meta({ description: "The lists." }) }),
  output: z.object({
    interleaved_list: list().meta({ description: "One list." }),
    length: z.int().meta({ description: "Number of its elements." }),
  }),
  examples: [
    {
      name: "lists of one length",
      input: {
        lists: [
          [1, 2],
          ["a", "b"],
        ],
      },
      expect: [
        ["interleaved_list", [1, "a", 2, "b"]],
        ["length", 4],
      ],
    },
    {
      name: "lists of several lengths",
      input: { lists: [[1, 2, 3], [], ["a"]] },
      expect: [
        ["interleaved_list", [1, "a", 2, 3]],
        ["length", 4],
      ],
    },
    {
      name: "no lists",
      input: { lists: [] },
      expect: [
        ["interleaved_list", []],
        ["length", 0],
      ],
    },
  ],
  async *run({ input }) {
    const longest = input.lists.reduce((most, { length }) => Math.max(most, length), 0);
    const result = Array.from({ length: longest }, (_, index) =>
      input.lists.flatMap((items) => items.slice(index, index + 1)),
    ).flat(1);
    yield ["interleaved_list", result];
    yield ["length", result.length];
  },
});
