import * as z from "zod";
import type { JsonValue } from "#graph/json.ts";
import { jsonEquals } from "#graph/json-value.ts";
import { BlockError, defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { TRUTH_OUTPUT, TRUTH_VALUES } from "./truth-pins.ts";

export default defineBlock({
  id: "715696a0-e1da-45c8-b209-c2fa9c3b0be6",
  name: "ConditionBlock",
  description: "Compares two values and goes on one of two ways. Texts that hold a number count as numbers.",
  categories: ["LOGIC"],
  effects: "pure",
  input: z.object({
    value1: anyValue().meta({ description: "The first value." }),
    operator: z.enum(["==", "!=", ">", "<", ">=", "<="]).meta({ description: "How to compare them." }),
    value2: anyValue().meta({ description: "The second value." }),
    ...TRUTH_VALUES,
  }),
  output: TRUTH_OUTPUT,
  examples: [
    {
      name: "it holds",
      input: { value1: 10, operator: ">", value2: 5 },
      expect: [
        ["result", true],
        ["yes_output", 10],
      ],
    },
    {
      name: "without a value for no, the second value goes on (decision 0004 d)",
      input: { value1: 1, operator: ">", value2: 5 },
      expect: [
        ["result", false],
        ["no_output", 5],
      ],
    },
    {
      name: "values of one's own",
      input: { value1: "a", operator: "!=", value2: "a", yes_value: "new", no_value: "same" },
      expect: [
        ["result", false],
        ["no_output", "same"],
      ],
    },
    {
      name: "texts with numbers",
      input: { value1: " 10 ", operator: ">", value2: "9" },
      expect: [
        ["result", true],
        ["yes_output", " 10 "],
      ],
    },
    {
      name: "texts are trimmed",
      input: { value1: "yes\n", operator: "==", value2: "yes" },
      expect: [
        ["result", true],
        ["yes_output", "yes\n"],
      ],
    },
    {
      name: "texts by the alphabet",
      input: { value1: "apple", operator: "<", value2: "banana" },
      expect: [
        ["result", true],
        ["yes_output", "apple"],
      ],
    },
    {
      name: "structures",
      input: { value1: { a: 1, b: 2 }, operator: "==", value2: { b: 2, a: 1 }, yes_value: 1 },
      expect: [
        ["result", true],
        ["yes_output", 1],
      ],
    },
    {
      name: "null is equal to null only",
      input: { value1: null, operator: "==", value2: 0, no_value: "no" },
      expect: [
        ["result", false],
        ["no_output", "no"],
      ],
    },
    {
      name: "what has no order",
      input: { value1: "many", operator: ">", value2: 3 },
      expectError: "cannot be compared",
    },
  ],
  async *run({ input }) {
    const holds = compare(input.operator, comparable(input.value1), comparable(input.value2));
    yield ["result", holds];
    if (holds) {
      yield ["yes_output", input.yes_value ?? input.value1];
    } else {
      yield ["no_output", input.no_value ?? input.value2];
    }
  },
});

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function comparable(value: JsonValue): JsonValue {
  if (typeof value === "boolean") {
    return Number(value);
  }
  if (typeof value !== "string") {
    return value;
  }
  const text = value.trim();
  return NUMBER.test(text) ? Number(text) : text;
}

type Operator = "==" | "!=" | ">" | "<" | ">=" | "<=";

function compare(operator: Operator, a: JsonValue, b: JsonValue): boolean {
  if (operator === "==" || operator === "!=") {
    return jsonEquals(a, b) === (operator === "==");
  }
  const order = orderOf(operator, a, b);
  return { ">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0 }[operator];
}

function orderOf(operator: Operator, a: JsonValue, b: JsonValue): number {
  if (typeof a === "number" && typeof b === "number") {
    return a - b;
  }
  if (typeof a === "string" && typeof b === "string") {
    return a < b ? -1 : a > b ? 1 : 0;
  }
  throw new BlockError("not_comparable", `${kindOf(a)} and ${kindOf(b)} cannot be compared with ${operator}.`);
}

function kindOf(value: JsonValue): string {
  if (value === null) {
    return "Null";
  }
  if (typeof value === "object") {
    return Array.isArray(value) ? "A list" : "A dictionary";
  }
  return typeof value === "number" ? `The number ${value}` : `The text "${String(value).slice(0, 50)}"`;
}
