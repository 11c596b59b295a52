import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, dictionary } from "../pin-types.ts";

export default defineBlock({
  id: "31d1064e-7446-4693-a7d4-65e5ca1180d1",
  name: "AddToDictionaryBlock",
  description: "Adds entries to a dictionary, or replaces those with the same key.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    dictionary: dictionary()
      .default({})
      .meta({ description: "The dictionary; empty when none is given.", advanced: false }),
    key: z.string().default("").meta({ description: "Key of a new entry.", advanced: false }),
    value: anyValue()
      .default(null)
      .meta({ description: "Value of the new entry; null adds nothing.", advanced: false }),
    entries: dictionary()
      .default({})
      .meta({ description: "More new entries; they win over the single one.", advanced: true }),
  }),
  output: z.object({ updated_dictionary: dictionary().meta({ description: "The dictionary with the new entries." }) }),
  examples: [
    {
      name: "one entry",
      input: { dictionary: { a: 1 }, key: "b", value: 2 },
      expect: [["updated_dictionary", { a: 1, b: 2 }]],
    },
    {
      name: "several entries",
      input: { dictionary: { a: 1 }, entries: { a: 9, c: 3 } },
      expect: [["updated_dictionary", { a: 9, c: 3 }]],
    },
    { name: "to nothing", input: { key: "a", value: false }, expect: [["updated_dictionary", { a: false }]] },
    { name: "nothing to nothing", input: {}, expect: [["updated_dictionary", {}]] },
  ],
  async *run({ input: { dictionary: old, key, value, entries } }) {
    const single = key !== "" && value !== null ? { [key]: value } : {};
    yield ["updated_dictionary", { ...old, ...single, ...entries }];
  },
});
