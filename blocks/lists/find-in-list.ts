import * as z from "zod";
import { jsonEquals } from "#graph/json-value.ts";
import { defineBlock } from "../define-block.ts";
import { anyValue, list } from "../pin-types.ts";

export default defineBlock({
  id: "5e2c6d0a-1e37-489f-b1d0-8e1812b23333",
  name: "FindInListBlock",
  description: "Tells whether a list holds a value, and where it is first.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list: list().meta({ description: "The list." }),
    value: anyValue().meta({ description: "The value to look for." }),
  }),
  output: z.object({
    index: z.int().meta({ description: "Position of the first occurrence, from 0." }),
    found: z.boolean().meta({ description: "Whether it is there." }),
    not_found_value: anyValue().meta({ description: "The value, when it is not there." }),
  }),
  examples: [
    {
      name: "there",
      input: { list: ["a", "b", "b"], value: "b" },
      expect: [
        ["index", 1],
        ["found", true],
      ],
    },
    {
      name: "a structure, whatever the order of its keys",
      input: { list: [{ a: 1, b: 2 }], value: { b: 2, a: 1 } },
      expect: [
        ["index", 0],
        ["found", true],
      ],
    },
    {
      name: "not there",
      input: { list: [1, 2], value: "1" },
      expect: [
        ["found", false],
        ["not_found_value", "1"],
      ],
    },
    {
      name: "null can be an element",
      input: { list: [1, null], value: null },
      expect: [
        ["index", 1],
        ["found", true],
      ],
    },
  ],
  async *run({ input }) {
    const index = input.list.findIndex((element) => jsonEquals(element, input.value));
    if (index === -1) {
      yield ["found", false];
      yield ["not_found_value", input.value];
    } else {
      yield ["index", index];
      yield ["found", true];
    }
  },
});
