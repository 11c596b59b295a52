import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, dictionary } from "../pin-types.ts";
import { missingKey } from "./missing-key.ts";

export default defineBlock({
  id: "46afe2ea-c613-43f8-95ff-6692c3ef6876",
  name: "RemoveFromDictionaryBlock",
  description: "Takes an entry out of a dictionary.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    dictionary: dictionary().meta({ description: "The dictionary." }),
    key: z.union([z.string(), z.int()]).meta({ description: "Key of the entry." }),
    return_value: z.boolean().default(false).meta({ description: "Give the value that was taken out, too." }),
  }),
  output: z.object({
    updated_dictionary: dictionary().meta({ description: "The dictionary without the entry." }),
    removed_value: anyValue().meta({ description: "The value that was taken out." }),
  }),
  examples: [
    { name: "an entry", input: { dictionary: { a: 1, b: 2 }, key: "a" }, expect: [["updated_dictionary", { b: 2 }]] },
    {
      name: "with its value",
      input: { dictionary: { a: null }, key: "a", return_value: true },
      expect: [
        ["updated_dictionary", {}],
        ["removed_value", null],
      ],
    },
    { name: "no such key", input: { dictionary: {}, key: "toString" }, expectError: "no key" },
  ],
  async *run({ input }) {
    const key = String(input.key);
    if (!Object.hasOwn(input.dictionary, key)) {
      throw missingKey(input.key);
    }
    yield ["updated_dictionary", Object.fromEntries(Object.entries(input.dictionary).filter(([name]) => name !== key))];
    if (input.return_value) {
      yield ["removed_value", input.dictionary[key] ?? null];
    }
  },
});
