import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, dictionary } from "../pin-types.ts";
import { missingKey } from "./missing-key.ts";

export default defineBlock({
  id: "27e31876-18b6-44f3-ab97-f6226d8b3889",
  name: "ReplaceDictionaryValueBlock",
  description: "Gives a key of a dictionary another value.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    dictionary: dictionary().meta({ description: "The dictionary." }),
    key: z.union([z.string(), z.int()]).meta({ description: "The key; it must be there." }),
    value: anyValue().meta({ description: "The new value." }),
  }),
  output: z.object({
    updated_dictionary: dictionary().meta({ description: "The dictionary with the new value." }),
    old_value: anyValue().meta({ description: "The value before." }),
  }),
  examples: [
    {
      name: "a value",
      input: { dictionary: { a: 1, b: 2 }, key: "a", value: null },
      expect: [
        ["updated_dictionary", { a: null, b: 2 }],
        ["old_value", 1],
      ],
    },
    {
      name: "a number as key",
      input: { dictionary: { "7": "x" }, key: 7, value: "y" },
      expect: [
        ["updated_dictionary", { "7": "y" }],
        ["old_value", "x"],
      ],
    },
    { name: "no such key", input: { dictionary: {}, key: "a", value: 1 }, expectError: "no key" },
  ],
  async *run({ input }) {
    const key = String(input.key);
    if (!Object.hasOwn(input.dictionary, key)) {
      throw missingKey(input.key);
    }
    yield ["updated_dictionary", { ...input.dictionary, [key]: input.value }];
    yield ["old_value", input.dictionary[key] ?? null];
  },
});
