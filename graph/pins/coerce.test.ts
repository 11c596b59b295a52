import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema, JsonValue } from "../json.ts";
import { anyJson, SEED } from "../model/graph-generators.testkit.ts";
import { coerce } from "./coerce.ts";

const LIST: JsonSchema = { type: "array", items: {} };
const NULLABLE_INT: JsonSchema = { anyOf: [{ type: "integer" }, { type: "null" }] };

describe("coerce", () => {
  it.each<[JsonValue, JsonSchema, JsonValue]>([
    ["a", { type: "string" }, "a"],
    [1, { type: "string" }, "1"],
    [true, { type: "string" }, "true"],
    [{ a: [1] }, { type: "string" }, '{"a":[1]}'],
    [5, { type: "string", format: "date" }, "5"],
    [[1], LIST, [1]],
    ["[1,2]", LIST, [1, 2]],
    ["x", LIST, ["x"]],
    ['{"a":1}', LIST, ['{"a":1}']],
    [7, LIST, [7]],
    [
      { a: 1, b: 2 },
      LIST,
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    [[1, "b"], { type: "array", items: { type: "string" } }, ["1", "b"]],
    ["[1]", { type: "array", items: { type: "string" } }, ["1"]],
    ["1", { type: "array", prefixItems: [{ type: "integer" }] }, [1]],
    [{ a: 1 }, { type: "object" }, { a: 1 }],
    ['{"a":1}', { type: "object" }, { a: 1 }],
    ["x", { type: "object" }, { value: "x" }],
    [3, { type: "object" }, { value: 3 }],
    [["x", "y"], { type: "object" }, { 0: "x", 1: "y" }],
    [{ a: 1 }, { type: "object", additionalProperties: { type: "string" } }, { a: "1" }],
    [
      { a: "1", b: "2" },
      { type: "object", properties: { a: { type: "integer" } } },
      { a: 1, b: "2" },
    ],
    ["3.5", { type: "number" }, 3.5],
    [" 1e3 ", { type: "number" }, 1000],
    ["1_000", { type: "integer" }, 1000],
    ["1.9", { type: "integer" }, 1],
    ["-0.5", { type: "integer" }, 0],
    [true, { type: "number" }, 1],
    [[1, 2, 3], { type: "number" }, 3],
    [{ a: 1 }, { type: "integer" }, 1],
    ["abc", { type: "number" }, 0],
    ["", { type: "integer" }, 0],
    ["Infinity", { type: "number" }, 0],
    ["1e999", { type: "number" }, 0],
    ["true", { type: "boolean" }, true],
    ["TRUE", { type: "boolean" }, true],
    ["1", { type: "boolean" }, true],
    ["yes", { type: "boolean" }, false],
    [0, { type: "boolean" }, false],
    [2, { type: "boolean" }, true],
    [[], { type: "boolean" }, false],
    [{ a: 1 }, { type: "boolean" }, true],
    ["anything", {}, "anything"],
    [null, NULLABLE_INT, null],
    ["4", NULLABLE_INT, 4],
    ["4", { type: ["integer", "null"] }, 4],
    ["4", { anyOf: [{ type: "string" }, { type: "integer" }] }, "4"],
    [4, { anyOf: [{ type: "string" }, { type: "integer" }] }, 4],
    [{ a: 1 }, { anyOf: [{ type: "array", items: { type: "string" } }, { type: "string" }] }, ['["a",1]']],
    ["GET", { type: "string", enum: ["GET"] }, "GET"],
    ["3", { type: "integer", enum: [1, 2, 3] }, 3],
    ["3", { enum: [1, 2, 3] }, 3],
    ["9", { enum: [1, 2, 3] }, "9"],
    ["5", { $ref: "#/$defs/N", $defs: { N: { type: "integer" } } }, 5],
    ["5", { allOf: [{ type: "integer" }] }, 5],
  ])("turns %j by %j into %j", (value, schema, expected) => {
    expect(coerce(value, schema)).toEqual({ ok: true, value: expected });
  });

  it.each<[JsonValue, JsonSchema]>([
    [1, { type: "null" }],
    [1, { $ref: "#/nowhere" }],
    ["x", { anyOf: [{ type: "null" }, { type: "object", required: ["id"] }, { enum: [1] }] }],
    [["x"], { type: "array", items: { type: "null" } }],
    [{ a: 1 }, { type: "object", properties: { a: { type: "null" } } }],
  ])("fails for %j by %j", (value, schema) => {
    const result = coerce(value, schema);
    expect(result.ok).toBe(false);
    expect(result.ok ? "" : result.message).not.toBe("");
  });

  it("returns the very value when it fits", () => {
    const value = { a: ["x"] };
    const result = coerce(value, {
      type: "object",
      additionalProperties: { type: "array", items: { type: "string" } },
    });
    expect(result.ok && result.value).toBe(value);
  });

  it("does not change what it is given", () => {
    const value = { list: [1, 2] };
    coerce(value, { type: "object", properties: { list: { type: "array", items: { type: "string" } } } });
    expect(value).toEqual({ list: [1, 2] });
  });

  it.each<[JsonValue, string]>([
    ["abc", "number"],
    [[1], "number"],
    [null, "integer"],
    ["1.5", "integer"],
    ["maybe", "boolean"],
    [[], "boolean"],
    [{ a: 1 }, "string"],
    [null, "string"],
    ["one", "array"],
    [{ a: 1 }, "array"],
    ["one", "object"],
    [[1], "object"],
  ])("does not guess when strict: %j is no %s", (value, type) => {
    expect(coerce(value, { type }, { strict: true }).ok).toBe(false);
  });

  it.each<[JsonValue, string, JsonValue]>([
    ["3", "integer", 3],
    ["false", "boolean", false],
    [1, "boolean", true],
    [3, "string", "3"],
    ["[1]", "array", [1]],
    ['{"a":1}', "object", { a: 1 }],
  ])("takes what is plainly meant when strict: %j as %s", (value, type, expected) => {
    expect(coerce(value, { type }, { strict: true })).toEqual({ ok: true, value: expected });
  });

  it("keeps __proto__ keys as data", () => {
    const value = JSON.parse('{"__proto__":1}') as JsonValue;
    const result = coerce(value, { type: "object", additionalProperties: { type: "string" } });
    expect(JSON.stringify(result)).toBe('{"ok":true,"value":{"__proto__":"1"}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("is idempotent", () => {
    const schema: fc.Arbitrary<JsonSchema> = fc.letrec<{ schema: JsonSchema }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<JsonSchema>(
          {},
          { type: "string" },
          { type: "number" },
          { type: "integer" },
          { type: "boolean" },
          { type: "array" },
          { type: "object" },
          { type: ["integer", "null"] },
          { type: "string", enum: ["a", "1"] },
          { enum: [1, "a", null] },
        ),
        tie("schema").map((items): JsonSchema => ({ type: "array", items })),
        tie("schema").map((additionalProperties): JsonSchema => ({ type: "object", additionalProperties })),
        fc.tuple(tie("schema"), tie("schema")).map(([a, b]): JsonSchema => ({ type: "object", properties: { a, b } })),
        fc.tuple(tie("schema"), tie("schema")).map((anyOf): JsonSchema => ({ anyOf })),
      ),
    })).schema;
    fc.assert(
      fc.property(anyJson, schema, fc.boolean(), (value, target, strict) => {
        const once = coerce(value, target, { strict });
        if (once.ok) {
          expect(coerce(once.value, target, { strict })).toEqual(once);
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
