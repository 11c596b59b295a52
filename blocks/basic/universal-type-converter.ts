import * as z from "zod";
import type { JsonSchema } from "#graph/json.ts";
import { coerce } from "#graph/pins/coerce.ts";
import { BlockError, defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";

const TARGETS = {
  string: { type: "string" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  list: { type: "array" },
  dictionary: { type: "object" },
} as const satisfies Record<string, JsonSchema>;

export default defineBlock({
  id: "95d1b990-ce13-4d88-9737-ba5c2070c97b",
  name: "UniversalTypeConverterBlock",
  description: "Turns a value into a text, number, boolean, list or dictionary.",
  categories: ["BASIC"],
  effects: "pure",
  input: z.object({
    value: anyValue().meta({ description: "The value to convert." }),
    type: z.enum(["string", "number", "boolean", "list", "dictionary"]).meta({ description: "What to convert it to." }),
  }),
  output: z.object({ value: anyValue().meta({ description: "The converted value." }) }),
  examples: [
    { name: "text to number", input: { value: "12.5", type: "number" }, expect: [["value", 12.5]] },
    { name: "what is no number becomes 0", input: { value: "many", type: "number" }, expect: [["value", 0]] },
    { name: "a list counts its elements", input: { value: [1, 2, 3], type: "number" }, expect: [["value", 3]] },
    { name: "dictionary to text", input: { value: { a: 1 }, type: "string" }, expect: [["value", '{"a":1}']] },
    { name: "text to boolean", input: { value: "TRUE", type: "boolean" }, expect: [["value", true]] },
    { name: "JSON text to list", input: { value: "[1, 2]", type: "list" }, expect: [["value", [1, 2]]] },
    { name: "anything else to list", input: { value: "a", type: "list" }, expect: [["value", ["a"]]] },
    { name: "list to dictionary", input: { value: ["a"], type: "dictionary" }, expect: [["value", { "0": "a" }]] },
    { name: "an unknown type", input: { value: 1, type: "date" }, expectError: '"type"' },
  ],
  async *run({ input }) {
    const converted = coerce(input.value, TARGETS[input.type]);
    if (!converted.ok) {
      throw new BlockError("not_convertible", `The value ${converted.message}.`);
    }
    yield ["value", converted.value];
  },
});
