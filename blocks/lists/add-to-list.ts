import * as z from "zod";
import { defineBlock } from "../define-block.ts";
import { anyValue, list } from "../pin-types.ts";

export default defineBlock({
  id: "aeb08fc1-2fc1-4141-bc8e-f758f183a822",
  name: "AddToListBlock",
  description: "Adds elements to a list. To gather over several steps, link the updated list back to the list pin.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    list: list().default([]).meta({ description: "The list; empty when none is given.", advanced: false }),
    entry: anyValue().default(null).meta({ description: "An element to add; null adds nothing.", advanced: false }),
    entries: list().default([]).meta({ description: "More elements, added before the single one.", advanced: true }),
    position: z
      .int()
      .nullable()
      .default(null)
      .meta({ description: "Where to put them, from the end when negative; at the end when empty." }),
  }),
  output: z.object({ updated_list: list().meta({ description: "The list with the new elements." }) }),
  examples: [
    { name: "at the end", input: { list: [1, 2], entry: 3 }, expect: [["updated_list", [1, 2, 3]]] },
    {
      name: "entries come before the entry",
      input: { list: [1], entry: "z", entries: ["x", "y"] },
      expect: [["updated_list", [1, "x", "y", "z"]]],
    },
    {
      name: "at a position",
      input: { list: ["a", "c"], entry: "b", position: 1 },
      expect: [["updated_list", ["a", "b", "c"]]],
    },
    {
      name: "before the last",
      input: { list: ["a", "c"], entry: "b", position: -1 },
      expect: [["updated_list", ["a", "b", "c"]]],
    },
    {
      name: "zero, false and empty texts are elements",
      input: { entry: 0, entries: [false, ""] },
      expect: [["updated_list", [false, "", 0]]],
    },
    { name: "nothing to nothing", input: {}, expect: [["updated_list", []]] },
  ],
  async *run({ input: { list: old, entry, entries, position } }) {
    const added = entry === null ? entries : [...entries, entry];
    const at = position ?? old.length;
    yield ["updated_list", [...old.slice(0, at), ...added, ...old.slice(at)]];
  },
});
