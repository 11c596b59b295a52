import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema, JsonValue } from "../json.ts";
import { checkSchema } from "./check-schema.ts";
import { coerce } from "./coerce.ts";
import { fitsAsIs } from "./fits-as-is.ts";

const SCHEMAS: JsonSchema[] = [
  {},
  { title: "anything" },
  ...["string", "number", "integer", "boolean", "null", "array", "object"].map((type) => ({ type })),
  { type: "string", minLength: 2 },
  { type: "string", pattern: "^a" },
  { type: "number", minimum: 1 },
  { type: ["string", "null"] },
  { type: "string", enum: ["a", "b"] },
  { enum: ["a", 1] },
  { const: 1 },
  { type: "array", items: {} },
  { type: "array", items: { title: "x" } },
  { type: "array", items: { type: "number" } },
  { type: "array", items: {}, maxItems: 1 },
  { type: "array", items: false },
  { type: "object", additionalProperties: true },
  { type: "object", additionalProperties: { type: "string" } },
  { type: "object", additionalProperties: false },
  { type: "object", properties: { a: { type: "number" } } },
  { anyOf: [{ type: "string" }, { type: "null" }] },
  { anyOf: [{ type: "number", minimum: 3 }, { type: "null" }], default: null },
  { anyOf: [{ type: "string" }], type: "number" },
  { oneOf: [{ type: "string" }, { type: "number" }] },
  { allOf: [{ type: "string" }] },
  { $ref: "#/$defs/T", $defs: { T: { type: "number" } } },
  { type: "string", format: "date" },
  { type: "string", unheardOf: true },
];

const seed = Number(process.env["WEFT_SEED"] ?? 20_261_123);

describe(`values that plainly fit (WEFT_SEED=${seed})`, () => {
  it("are those that conversion and check leave as they are", () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.constantFrom(...SCHEMAS), fc.jsonValue({ maxDepth: 3 }), (schema, given) => {
        const value = given as JsonValue;
        if (!fitsAsIs(value, schema)) {
          return;
        }
        plain += 1;
        const converted = coerce(value, schema);
        expect(converted).toEqual({ ok: true, value });
        expect(checkSchema(value, schema)).toEqual([]);
      }),
      { seed, numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(1_000);
  });

  it("are found for the kinds of pins that most blocks have", () => {
    const list: JsonValue = ["a", { b: 1 }];
    expect(fitsAsIs(list, { type: "array", items: {}, title: "Items" })).toBe(true);
    expect(fitsAsIs(3, { type: "integer" })).toBe(true);
    expect(fitsAsIs(3.5, { type: "integer" })).toBe(false);
    expect(fitsAsIs("b", { type: "string", enum: ["a", "b"] })).toBe(true);
    expect(fitsAsIs("c", { type: "string", enum: ["a", "b"] })).toBe(false);
    expect(fitsAsIs(null, { anyOf: [{ type: "string" }, { type: "null" }] })).toBe(true);
    expect(fitsAsIs({ a: 1 }, { type: "object", additionalProperties: true })).toBe(true);
  });
});
