import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";

export default defineBlock({
  id: "cc45bb0f-d035-4756-96a7-fe3e36254b4d",
  name: "FlattenListBlock",
  description: "Takes the elements out of lists within a list.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    nested_list: list().meta({ description: "A list that holds lists." }),
    max_depth: z.int().min(-1).default(-1).meta({ description: "Levels to take away; -1 for all.", advanced: true }),
  }),
  output: z.object({
    flattened_list: list().meta({ description: "The flat list." }),
    length: z.int().meta({ description: "Number of its elements." }),
    original_depth: z.int().meta({ description: "Levels that the list had; 1 when it held no lists." }),
  }),
  examples: [
    {
      name: "all levels",
      input: { nested_list: [1, [2, [3, []]]] },
      expect: [
        ["flattened_list", [1, 2, 3]],
        ["length", 3],
        ["original_depth", 4],
      ],
    },
    {
      name: "one level",
      input: { nested_list: [1, [2, [3]]], max_depth: 1 },
      expect: [
        ["flattened_list", [1, 2, [3]]],
        ["length", 3],
        ["original_depth", 3],
      ],
    },
    {
      name: "no level",
      input: { nested_list: [[1]], max_depth: 0 },
      expect: [
        ["flattened_list", [[1]]],
        ["length", 1],
        ["original_depth", 2],
      ],
    },
    {
      name: "an empty list",
      input: { nested_list: [] },
      expect: [
        ["flattened_list", []],
        ["length", 0],
        ["original_depth", 1],
      ],
    },
    { name: "a negative depth", input: { nested_list: [], max_depth: -2 }, expectError: '"max_depth"' },
  ],
  async *run({ input }) {
    const flat = input.nested_list.flat((input.max_depth === -1 ? Infinity : input.max_depth) as 1);
    yield ["flattened_list", flat];
    yield ["length", flat.length];
    yield ["original_depth", depthOf(input.nested_list)];
  },
});

function depthOf(value: JsonValue): number {
  return Array.isArray(value) ? 1 + value.reduce<number>((deepest, item) => Math.max(deepest, depthOf(item)), 0) : 0;
}
