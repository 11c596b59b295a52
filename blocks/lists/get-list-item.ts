import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, list } from "../pin-types.ts";
import { resolveIndex } from "./list-index.ts";

export default defineBlock({
  id: "262ca24c-1025-43cf-a578-534e23234e97",
  name: "GetListItemBlock",
  description: "Gives one element of a list.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list: list().meta({ description: "The list." }),
    index: z.int().meta({ description: "Position from 0; from the end when negative." }),
  }),
  output: z.object({ item: anyValue().meta({ description: "The element." }) }),
  examples: [
    { name: "the first", input: { list: ["a", "b"], index: 0 }, expect: [["item", "a"]] },
    { name: "the last", input: { list: ["a", "b"], index: -1 }, expect: [["item", "b"]] },
    { name: "beyond the end", input: { list: ["a"], index: 1 }, expectError: "Index out of range" },
    { name: "of an empty list", input: { list: [], index: -1 }, expectError: "Index out of range" },
  ],
  async *run({ input }) {
    yield ["item", input.list[resolveIndex(input.list.length, input.index)] ?? null];
  },
});
