import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { dictionary } from "../pin-types.ts";

export default defineBlock({
  id: "b924ddf4-de4f-4b56-9a85-358930dcbc91",
  name: "CreateDictionaryBlock",
  description: "Builds a dictionary from values on pins of their own.",
  categories: ["DATA"],
  effects: "pure",
  input: z.object({ values: dictionary().meta({ description: "The entries." }) }),
  output: z.object({ dictionary: dictionary().meta({ description: "The dictionary." }) }),
  examples: [
    { name: "entries", input: { values: { a: 1, b: null } }, expect: [["dictionary", { a: 1, b: null }]] },
    {
      name: "from separate pins",
      input: { values: {}, "values_#_name": "Ada", "values_#_age": 36 },
      expect: [["dictionary", { name: "Ada", age: 36 }]],
    },
    { name: "no entries", input: { values: {} }, expect: [["dictionary", {}]] },
  ],
  async *run({ input }) {
    yield ["dictionary", input.values];
  },
});
