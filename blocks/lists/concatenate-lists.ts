import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";
import { withoutDuplicates } from "./value-key.ts";

export default defineBlock({
  id: "3cf9298b-5817-4141-9d80-7c2cc5199c8e",
  name: "ConcatenateListsBlock",
  description: "Puts lists one after another.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    lists: z.array(list()).meta({ description: "The lists, in order." }),
    deduplicate: z.boolean().default(false).meta({ description: "Of equal elements keep the first.", advanced: true }),
    remove_none: z.boolean().default(false).meta({ description: "Leave elements out that are null.", advanced: true }),
  }),
  output: z.object({
    concatenated_list: list().meta({ description: "One list." }),
    length: z.int().meta({ description: "Number of its elements." }),
  }),
  examples: [
    {
      name: "two lists",
      input: { lists: [[1, 2], ["a"]] },
      expect: [
        ["concatenated_list", [1, 2, "a"]],
        ["length", 3],
      ],
    },
    {
      name: "without repetitions and null",
      input: {
        lists: [
          [1, null, { a: 1, b: 2 }],
          [1, { b: 2, a: 1 }, "1"],
        ],
        deduplicate: true,
        remove_none: true,
      },
      expect: [
        ["concatenated_list", [1, { a: 1, b: 2 }, "1"]],
        ["length", 3],
      ],
    },
    {
      name: "no lists",
      input: { lists: [] },
      expect: [
        ["concatenated_list", []],
        ["length", 0],
      ],
    },
    {
      name: "from separate pins",
      input: { lists: [], lists_$_0: [1], lists_$_1: [2] },
      expect: [
        ["concatenated_list", [1, 2]],
        ["length", 2],
      ],
    },
  ],
  async *run({ input }) {
    const all = input.lists.flat(1);
    const kept = input.remove_none ? all.filter((element) => element !== null) : all;
    const result = input.deduplicate ? withoutDuplicates(kept) : kept;
    yield ["concatenated_list", result];
    yield ["length", result.length];
  },
});
