import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../json.ts";
import { checkSchema } from "../pins/check-schema.ts";
import { sampleValue } from "./sample-value.ts";

describe("sampleValue", () => {
  it.each<[JsonSchema, unknown]>([
    [{ type: "string" }, "sample"],
    [{ type: "string", format: "email", maxLength: 100 }, "sample@example.com"],
    [{ type: "string", minLength: 8 }, "samplexx"],
    [{ type: "string", maxLength: 3 }, "sam"],
    [{ type: "string", default: "d", enum: ["e", "d"] }, "d"],
    [{ enum: ["a", "b"] }, "a"],
    [{ const: 0 }, 0],
    [{ type: "integer", examples: [7], default: 1 }, 7],
    [{ type: "integer", exclusiveMinimum: 4 }, 5],
    [{ type: "integer", maximum: -3 }, -3],
    [{ type: "number", minimum: 0.2, maximum: 0.7 }, 0.7],
    [{ type: "boolean" }, true],
    [{ type: ["null", "boolean"] }, true],
    [{ type: "null" }, null],
    [{ anyOf: [{ type: "null" }, { type: "integer" }] }, 1],
    [{ type: "array", items: { type: "integer" } }, [1]],
    [{ type: "array", minItems: 3, items: { type: "boolean" } }, [true, true, true]],
    [{ type: "array", maxItems: 0 }, []],
    [{ properties: { a: { type: "string" }, b: { type: "array" } } }, { a: "sample", b: ["sample"] }],
    [
      { allOf: [{ properties: { a: { type: "integer" } } }, { properties: { b: { type: "null" } } }] },
      { a: 1, b: null },
    ],
    [{ $ref: "#/$defs/x", $defs: { x: { type: "integer" } } }, 1],
    [{}, "sample"],
  ])("%j gives %j, which fits", (schema, value) => {
    expect(sampleValue(schema)).toEqual(value);
    expect(checkSchema(sampleValue(schema), schema, { root: schema })).toEqual([]);
  });

  it("comes to an end with a schema that contains itself", () => {
    const schema: JsonSchema = { type: "object", properties: { next: { $ref: "#" } } };
    expect(JSON.stringify(sampleValue(schema)).length).toBeLessThan(200);
    expect(sampleValue({ $ref: "#" })).toBeNull();
  });

  it("keeps a property called __proto__ an ordinary one", () => {
    const schema = {
      type: "object",
      properties: JSON.parse('{"__proto__": {"type": "integer"}}') as JsonSchema["properties"],
    } as JsonSchema;
    expect(Object.keys(sampleValue(schema) as object)).toEqual(["__proto__"]);
  });
});
