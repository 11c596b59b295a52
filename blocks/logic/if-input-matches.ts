import * as z from "zod";
import type { JsonSchema, JsonValue } from "#graph/json.ts";
import { jsonEquals } from "#graph/json-value.ts";
import { coerce } from "#graph/pins/coerce.ts";
import { defineBlock } from "../define-block.ts";
import { anyValue } from "../pin-types.ts";
import { TRUTH_OUTPUT, TRUTH_VALUES } from "./truth-pins.ts";

export default defineBlock({
  id: "6dbbc4b3-ca6c-42b6-b508-da52d23e13f2",
  name: "IfInputMatchesBlock",
  description:
    "Goes on one of two ways, by whether the input equals a value. The value is first converted to the kind of the input.",
  categories: ["LOGIC"],
  effects: "pure",
  input: z.object({
    input: anyValue().meta({ description: "What to look at." }),
    value: anyValue().meta({ description: "What it is compared with." }),
    ...TRUTH_VALUES,
  }),
  output: TRUTH_OUTPUT,
  examples: [
    {
      name: "it matches",
      input: { input: "yes", value: "yes" },
      expect: [
        ["result", true],
        ["yes_output", "yes"],
      ],
    },
    {
      name: "it does not",
      input: { input: 1, value: 2, no_value: "other" },
      expect: [
        ["result", false],
        ["no_output", "other"],
      ],
    },
    {
      name: "without a value for no, the input goes on",
      input: { input: "a", value: "b" },
      expect: [
        ["result", false],
        ["no_output", "a"],
      ],
    },
    {
      name: "converted",
      input: { input: 10, value: "10", yes_value: "ten" },
      expect: [
        ["result", true],
        ["yes_output", "ten"],
      ],
    },
    {
      name: "a boolean",
      input: { input: true, value: "TRUE" },
      expect: [
        ["result", true],
        ["yes_output", true],
      ],
    },
    {
      name: "null matches null only",
      input: { input: null, value: "" },
      expect: [
        ["result", false],
        ["no_output", null],
      ],
    },
  ],
  async *run({ input: { input, value, yes_value, no_value } }) {
    const matches = jsonEquals(input, sameKind(value, input));
    yield ["result", matches];
    yield [matches ? "yes_output" : "no_output", (matches ? yes_value : no_value) ?? input];
  },
});

function sameKind(value: JsonValue, model: JsonValue): JsonValue {
  const schema = schemaOf(model);
  // Text that is no number would become 0 and match it.
  const converted = schema === undefined ? undefined : coerce(value, schema, { strict: schema.type === "number" });
  return converted?.ok === true ? converted.value : value;
}

function schemaOf(model: JsonValue): JsonSchema | undefined {
  if (model === null) {
    return undefined;
  }
  if (typeof model === "object") {
    return { type: Array.isArray(model) ? "array" : "object" };
  }
  return { type: typeof model };
}
