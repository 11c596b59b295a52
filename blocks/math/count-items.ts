import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

export default defineBlock({
  id: "3c9c2f42-b0c3-435f-ba35-05f7a25c772a",
  name: "CountItemsBlock",
  description:
    "Counts the elements of a list, the entries of a dictionary or the characters of a text; -1 for anything else.",
  categories: ["LOGIC"],
  effects: "pure",
  input: z.object({ collection: anyValue().meta({ description: "What to count." }) }),
  output: z.object({ count: z.int().meta({ description: "The number, or -1." }) }),
  examples: [
    { name: "a list", input: { collection: [1, [2, 3]] }, expect: [["count", 2]] },
    { name: "a dictionary", input: { collection: { a: 1 } }, expect: [["count", 1]] },
    { name: "a text", input: { collection: "日本😀" }, expect: [["count", 3]] },
    { name: "nothing in it", input: { collection: [] }, expect: [["count", 0]] },
    { name: "what cannot be counted (decision 0004 f)", input: { collection: 7 }, expect: [["count", -1]] },
  ],
  async *run({ input }) {
    yield ["count", countOf(input.collection)];
  },
});

function countOf(collection: JsonValue): number {
  if (typeof collection === "string") {
    let characters = 0;
    for (const _ of collection) {
      characters += 1;
    }
    return characters;
  }
  return typeof collection === "object" && collection !== null ? Object.keys(collection).length : -1;
}
