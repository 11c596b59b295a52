import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { isJsonObject } from "#graph/json-value.ts";
import { getOwn } from "#graph/own-property.ts";
import { parseJson } from "../data/parse-json.ts";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

export default defineBlock({
  id: "0e50422c-6dee-4145-83d6-3a5a392f65de",
  name: "FindInDictionaryBlock",
  description:
    "Looks a key up in a dictionary, or an index in a list; a key in a list of dictionaries gives the list of its values.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    input: anyValue().meta({ description: "A dictionary, a list, or either as JSON text." }),
    key: z.union([z.string(), z.int()]).meta({ description: "The key or index." }),
  }),
  output: z.object({
    output: anyValue().meta({ description: "What was found." }),
    missing: anyValue().meta({ description: "The input, when nothing was found." }),
  }),
  examples: [
    { name: "a key", input: { input: { a: 1 }, key: "a" }, expect: [["output", 1]] },
    { name: "a key with null", input: { input: { a: null }, key: "a" }, expect: [["output", null]] },
    { name: "no such key", input: { input: { a: 1 }, key: "b" }, expect: [["missing", { a: 1 }]] },
    { name: "names of JavaScript are no keys", input: { input: {}, key: "constructor" }, expect: [["missing", {}]] },
    { name: "JSON text", input: { input: '{"a": [1]}', key: "a" }, expect: [["output", [1]]] },
    { name: "an index", input: { input: ["x", "y"], key: 1 }, expect: [["output", "y"]] },
    { name: "an index beyond the end", input: { input: ["x"], key: 5 }, expect: [["missing", ["x"]]] },
    {
      name: "a key of every element",
      input: { input: [{ n: 1 }, { m: 2 }, { n: 3 }], key: "n" },
      expect: [["output", [1, 3]]],
    },
    { name: "text that is not JSON", input: { input: "hello", key: "a" }, expectError: "not JSON" },
  ],
  async *run({ input: { input, key } }) {
    const found = find(typeof input === "string" ? parseJson(input) : input, key);
    if (found === undefined) {
      yield ["missing", input];
    } else {
      yield ["output", found];
    }
  },
});

function find(container: JsonValue, key: string | number): JsonValue | undefined {
  if (Array.isArray(container)) {
    return typeof key === "number" ? container[key] : pluck(container, key);
  }
  return isJsonObject(container) ? getOwn(container, String(key)) : undefined;
}

function pluck(items: JsonValue[], key: string): JsonValue[] {
  return items.flatMap((item) => (isJsonObject(item) && Object.hasOwn(item, key) ? [item[key] ?? null] : []));
}
