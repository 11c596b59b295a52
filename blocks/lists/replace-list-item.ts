import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, list } from "../pin-types.ts";
import { resolveIndex } from "./list-index.ts";

export default defineBlock({
  id: "fbf62922-bea1-4a3d-8bac-23587f810b38",
  name: "ReplaceListItemBlock",
  description: "Puts another element in the place of one.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list: list().meta({ description: "The list." }),
    index: z.int().meta({ description: "Position from 0; from the end when negative." }),
    value: anyValue().meta({ description: "The new element." }),
  }),
  output: z.object({
    updated_list: list().meta({ description: "The list with the new element." }),
    old_item: anyValue().meta({ description: "The element before." }),
  }),
  examples: [
    {
      name: "by position",
      input: { list: [1, 2], index: 0, value: null },
      expect: [
        ["updated_list", [null, 2]],
        ["old_item", 1],
      ],
    },
    {
      name: "from the end",
      input: { list: [1, 2], index: -1, value: "x" },
      expect: [
        ["updated_list", [1, "x"]],
        ["old_item", 2],
      ],
    },
    { name: "beyond the end", input: { list: [], index: 0, value: 1 }, expectError: "Index out of range" },
  ],
  async *run({ input }) {
    const position = resolveIndex(input.list.length, input.index);
    yield ["updated_list", input.list.with(position, input.value)];
    yield ["old_item", input.list[position] ?? null];
  },
});
