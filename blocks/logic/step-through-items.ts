import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { parseJson } from "../data/parse-json.ts";
import { BlockError, defineBlock } from "../define-block.ts";
import { anyValue, dictionary, list } from "../pin-types.ts";

/** Limits of autogpt.md §6.1: elements, and characters of JSON text. */
const MAX_ITEMS = 10_000;
const MAX_TEXT = 1_000_000;

export default defineBlock({
  id: "f66a3543-28d3-4ab5-8945-9b336371e2ce",
  name: "StepThroughItemsBlock",
  description: "Gives the elements of a list or dictionary one by one, so that what follows runs once for each.",
  categories: ["LOGIC"],
  effects: "pure",
  input: z.object({
    items: list().default([]).meta({ description: "A list.", advanced: false }),
    items_object: dictionary().default({}).meta({ description: "A dictionary.", advanced: false }),
    items_str: z.string().default("").meta({ description: "A list or dictionary as JSON text.", advanced: false }),
  }),
  output: z.object({
    item: anyValue().meta({ description: "The element." }),
    key: z
      .union([z.string(), z.int()])
      .meta({ description: "Its position in the list from 0, or its key in the dictionary." }),
  }),
  examples: [
    {
      name: "a list",
      input: { items: ["a", null] },
      expect: [
        ["item", "a"],
        ["key", 0],
        ["item", null],
        ["key", 1],
      ],
    },
    {
      name: "a dictionary",
      input: { items_object: { x: 1, y: [2] } },
      expect: [
        ["item", 1],
        ["key", "x"],
        ["item", [2]],
        ["key", "y"],
      ],
    },
    {
      name: "JSON text",
      input: { items_str: '{"k": true}' },
      expect: [
        ["item", true],
        ["key", "k"],
      ],
    },
    {
      name: "all three, one after another",
      input: { items: [1], items_object: { b: 2 }, items_str: "[3]" },
      expect: [
        ["item", 1],
        ["key", 0],
        ["item", 2],
        ["key", "b"],
        ["item", 3],
        ["key", 0],
      ],
    },
    { name: "nothing", input: {}, expect: [] },
    { name: "text that is no JSON", input: { items_str: "a, b" }, expectError: "not JSON" },
    { name: "a single value as text", input: { items_str: "7" }, expectError: "list or a dictionary" },
    { name: "too many", input: { items: Array.from({ length: 10_001 }, () => 0) }, expectError: "10000" },
  ],
  async *run({ input }) {
    const sources = [input.items, input.items_object, ...(input.items_str === "" ? [] : [parseItems(input.items_str)])];
    const elements = sources.flatMap(elementsOf);
    if (elements.length > MAX_ITEMS) {
      throw new BlockError(
        "too_many_items",
        `There are ${elements.length} elements; at most ${MAX_ITEMS} can be stepped through.`,
      );
    }
    for (const [key, item] of elements) {
      yield ["item", item];
      yield ["key", key];
    }
  },
});

function parseItems(text: string): JsonValue {
  if (text.length > MAX_TEXT) {
    throw new BlockError("input_too_large", `The text has ${text.length} characters; at most ${MAX_TEXT} can be read.`);
  }
  return parseJson(text);
}

function elementsOf(source: JsonValue): [key: string | number, item: JsonValue][] {
  if (Array.isArray(source)) {
    return source.map((item, index) => [index, item]);
  }
  if (typeof source === "object" && source !== null) {
    return Object.entries(source);
  }
  throw new BlockError("invalid_input", 'The pin "items_str" must hold a list or a dictionary.');
}
