import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { defineBlock } from "../define-block.ts";
import { list } from "../pin-types.ts";
import { estimateTokens } from "./estimate-tokens.ts";

export default defineBlock({
  id: "a912d5c7-6e00-4542-b2a9-8034136930e4",
  name: "CreateListBlock",
  description: "Builds a list from values on pins of their own, or cuts a long list into several.",
  categories: ["DATA"],
  effects: "pure",
  input: z.object({
    values: list().meta({ description: "The elements." }),
    max_size: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .meta({ description: "Most elements of one list.", advanced: true }),
    max_tokens: z
      .int()
      .min(1)
      .nullable()
      .default(null)
      .meta({ description: "Most tokens of one list, estimated. A single element may have more.", advanced: true }),
  }),
  output: z.object({ list: list().meta({ description: "The list, or each part of it." }) }),
  examples: [
    { name: "elements", input: { values: [1, "b", null] }, expect: [["list", [1, "b", null]]] },
    {
      name: "from separate pins, a gap is null",
      input: { values: [], values_$_0: "a", values_$_2: "c" },
      expect: [["list", ["a", null, "c"]]],
    },
    {
      name: "parts by size",
      input: { values: [1, 2, 3], max_size: 2 },
      expect: [
        ["list", [1, 2]],
        ["list", [3]],
      ],
    },
    {
      name: "parts by tokens",
      input: { values: ["abcdabcd", "abcd", "abcdabcdabcdabcd"], max_tokens: 3 },
      expect: [
        ["list", ["abcdabcd", "abcd"]],
        ["list", ["abcdabcdabcdabcd"]],
      ],
    },
    { name: "no elements", input: { values: [] }, expect: [["list", []]] },
    { name: "parts of nothing", input: { values: [1], max_size: 0 }, expectError: '"max_size"' },
  ],
  async *run({ input: { values, max_size, max_tokens } }) {
    if (max_size === null && max_tokens === null) {
      yield ["list", values];
      return;
    }
    for (const part of parts(values, max_size ?? Infinity, max_tokens ?? Infinity)) {
      yield ["list", part];
    }
  },
});

function parts(values: JsonValue[], maxSize: number, maxTokens: number): JsonValue[][] {
  let current: JsonValue[] = [];
  let tokens = 0;
  const all = [current];
  for (const value of values) {
    const cost = maxTokens === Infinity ? 0 : estimateTokens(typeof value === "string" ? value : JSON.stringify(value));
    if (current.length > 0 && (current.length >= maxSize || tokens + cost > maxTokens)) {
      current = [];
      tokens = 0;
      all.push(current);
    }
    current.push(value);
    tokens += cost;
  }
  return all;
}
