import { describe, expect, it } from "vitest";
import type { JsonSchema, JsonValue } from "../json.ts";
import { checkSchema } from "./check-schema.ts";

function messages(value: JsonValue, schema: JsonSchema): string[] {
  return checkSchema(value, schema).map((problem) => `${problem.path}: ${problem.message}`);
}

describe("checkSchema", () => {
  it.each<[JsonValue, JsonSchema]>([
    [1, {}],
    [null, {}],
    ["a", { type: "string", minLength: 1, maxLength: 1, pattern: "^[a-z]$" }],
    [1, { type: "integer", minimum: 1, maximum: 1, exclusiveMinimum: 0, exclusiveMaximum: 2 }],
    [1.5, { type: "number" }],
    [[1, "x"], { type: "array", prefixItems: [{ type: "number" }, { type: "string" }], items: false }],
    [
      { a: 1, b: "x" },
      { type: "object", properties: { a: { type: "integer" } }, additionalProperties: { type: "string" } },
    ],
    [null, { anyOf: [{ type: "string" }, { type: "null" }] }],
    [null, { type: ["string", "null"] }],
    ["b", { enum: ["a", "b"] }],
    [{ a: [1] }, { const: { a: [1] } }],
    [
      { next: { next: null } },
      {
        $ref: "#/$defs/N",
        $defs: { N: { type: "object", properties: { next: { anyOf: [{ $ref: "#/$defs/N" }, { type: "null" }] } } } },
      },
    ],
    [3, { allOf: [{ minimum: 1 }, { maximum: 3 }] }],
  ])("accepts %j", (value, schema) => {
    expect(messages(value, schema)).toEqual([]);
  });

  it.each<[JsonValue, JsonSchema, string]>([
    [1, { type: "string" }, ": must be a text, not the number 1"],
    [null, { type: "string" }, ": must be a text, not null"],
    [1.5, { type: "integer" }, ": must be a whole number, not the number 1.5"],
    ["", { type: "string", minLength: 1 }, ": must have at least 1 character"],
    ["abc", { type: "string", maxLength: 2 }, ": must have at most 2 characters"],
    ["A", { type: "string", pattern: "^[a-z]$" }, ": must have the form ^[a-z]$"],
    [0, { type: "number", minimum: 1 }, ": must be at least 1"],
    [2, { type: "number", maximum: 1 }, ": must be at most 1"],
    [1, { type: "number", exclusiveMinimum: 1 }, ": must be more than 1"],
    [1, { type: "number", exclusiveMaximum: 1 }, ": must be less than 1"],
    [[], { type: "array", minItems: 1 }, ": must have at least 1 item"],
    [[1, 2], { type: "array", maxItems: 1 }, ": must have at most 1 item"],
    [{ a: ["x", 1] }, { properties: { a: { items: { type: "string" } } } }, "a[1]: must be a text, not the number 1"],
    [{}, { type: "object", required: ["a"] }, "a: is required"],
    [{ b: 1 }, { type: "object", properties: {}, additionalProperties: false }, "b: is not known"],
    ["c", { enum: ["a", "b"] }, ': must be one of "a", "b"'],
    [1, { anyOf: [{ type: "string" }, { type: "null" }] }, ": must be a text, not the number 1"],
    [true, { anyOf: [{ type: "string" }, { type: "number" }] }, ": has none of the allowed forms"],
    [1, { $ref: "#/$defs/Missing" }, ": has a schema with an unknown reference (#/$defs/Missing)"],
    [
      1,
      { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } },
      ": has a schema with an unknown reference (#/$defs/A)",
    ],
    [[1, 2], { type: "array", prefixItems: [{}], items: false }, "[1]: is one item too many"],
  ])("refuses %j by %j", (value, schema, message) => {
    expect(messages(value, schema)).toEqual([message]);
  });

  it("does not take inherited names for properties", () => {
    expect(messages({}, { type: "object", required: ["constructor", "__proto__"] })).toHaveLength(2);
    expect(
      messages(JSON.parse('{"__proto__":1}') as JsonValue, {
        properties: {},
        additionalProperties: { type: "string" },
      }),
    ).toEqual(["__proto__: must be a text, not the number 1"]);
  });

  it("stops after 20 problems and survives endless nesting", () => {
    expect(
      checkSchema(
        Array.from({ length: 100 }, () => 1),
        { items: { type: "string" } },
      ),
    ).toHaveLength(20);
    let deep: JsonValue = [];
    for (let level = 0; level < 5_000; level++) {
      deep = [deep];
    }
    expect(
      messages(deep, { $ref: "#/$defs/L", $defs: { L: { type: "array", items: { $ref: "#/$defs/L" } } } }),
    ).toHaveLength(1);
  });

  it("leaves patterns and bounds out when asked to", () => {
    expect(checkSchema("A", { pattern: "^[a-z]$" }, { patterns: false })).toEqual([]);
    expect(checkSchema("A", { pattern: "(" })).toEqual([]);
    expect(checkSchema(5, { type: "number", maximum: 1 }, { bounds: false })).toEqual([]);
  });
});
