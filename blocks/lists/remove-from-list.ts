import * as z from "zod";
import { jsonEquals } from "#graph/json-value.ts";
import { BlockError, defineBlock } from "../define-block.ts";
import { anyValue, list } from "../pin-types.ts";
import { resolveIndex } from "./list-index.ts";

export default defineBlock({
  id: "d93c5a93-ac7e-41c1-ae5c-ef67e6e9b826",
  name: "RemoveFromListBlock",
  description: "Takes one element out of a list, by position or by value.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list: list().meta({ description: "The list." }),
    value: anyValue()
      .default(null)
      .meta({ description: "The element; its first occurrence is taken out.", advanced: false }),
    index: z
      .int()
      .nullable()
      .default(null)
      .meta({ description: "Position from 0, from the end when negative; wins over the value.", advanced: false }),
    return_item: z.boolean().default(false).meta({ description: "Give the element that was taken out, too." }),
  }),
  output: z.object({
    updated_list: list().meta({ description: "The list without the element." }),
    removed_item: anyValue().meta({ description: "The element that was taken out." }),
  }),
  examples: [
    { name: "by value", input: { list: [1, 2, 1], value: 1 }, expect: [["updated_list", [2, 1]]] },
    {
      name: "the position wins",
      input: { list: ["a", "b"], value: "a", index: -1, return_item: true },
      expect: [
        ["updated_list", ["a"]],
        ["removed_item", "b"],
      ],
    },
    { name: "no such value", input: { list: [1], value: 3 }, expectError: "does not hold" },
    { name: "no such position", input: { list: [1], index: 3 }, expectError: "out of range" },
    { name: "neither", input: { list: [1] }, expectError: '"value" or "index"' },
  ],
  async *run({ input }) {
    const position = positionOf(input);
    yield ["updated_list", input.list.toSpliced(position, 1)];
    if (input.return_item) {
      yield ["removed_item", input.list[position] ?? null];
    }
  },
});

function positionOf(input: { list: unknown[]; value: unknown; index: number | null }): number {
  if (input.index !== null) {
    return resolveIndex(input.list.length, input.index);
  }
  if (input.value === null) {
    throw new BlockError("invalid_input", 'Give the pin "value" or "index" to say what to take out.');
  }
  const position = input.list.findIndex((element) => jsonEquals(element, input.value));
  if (position === -1) {
    throw new BlockError("value_not_found", "The list does not hold the value.");
  }
  return position;
}
