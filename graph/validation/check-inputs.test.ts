import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../json.ts";
import { checkRunInputs } from "./check-inputs.ts";

const SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    topic: { title: "Topic" },
    count: { type: "integer", minimum: 1, default: 3 },
    style: { type: "string", enum: ["short", "long"] },
    tags: { type: "array", items: { type: "string" } },
  },
  required: ["topic"],
};

function errorsOf(inputs: unknown, schema = SCHEMA): Record<string, string> {
  const result = checkRunInputs(schema, inputs);
  return result.ok ? {} : result.errors;
}

describe("checkRunInputs", () => {
  it("converts what is plainly meant", () => {
    expect(checkRunInputs(SCHEMA, { topic: { any: [1] }, count: "5", style: "long", tags: '["one",2]' })).toEqual({
      ok: true,
      inputs: { topic: { any: [1] }, count: 5, style: "long", tags: ["one", "2"] },
    });
  });

  it("does not guess", () => {
    expect(errorsOf({ topic: 1, count: "many" })).toEqual({ count: "The value must be a whole number, not a text" });
    expect(errorsOf({ topic: 1, count: 1.5 })).toEqual({
      count: "The value must be a whole number, not the number 1.5",
    });
    expect(errorsOf({ topic: 1, count: 0 })).toEqual({ count: "The value must be at least 1" });
    expect(errorsOf({ topic: 1, tags: "one" })).toEqual({ tags: "The value must be a list, not a text" });
    expect(errorsOf({ topic: 1, style: "medium" })).toEqual({ style: 'The value must be one of "short", "long"' });
  });

  it("asks for required inputs, null being none", () => {
    expect(errorsOf({})).toEqual({ topic: "This field is required" });
    expect(errorsOf({ topic: null })).toEqual({ topic: "This field is required" });
    expect(checkRunInputs(SCHEMA, { topic: 0, count: null })).toEqual({ ok: true, inputs: { topic: 0 } });
  });

  it("refuses unknown names and lists the known ones", () => {
    expect(errorsOf({ topic: 1, topik: 2 })).toEqual({
      topik: "The agent has no such input. Its inputs are: topic, count, style, tags.",
    });
    expect(errorsOf({ x: 1 }, { type: "object", properties: {} })).toEqual({
      x: "The agent has no such input; it takes no inputs at all.",
    });
  });

  it.each(["__proto__", "constructor", "prototype", "toString"])("refuses %s as a name", (name) => {
    const inputs = JSON.parse(`{"topic":1,"${name}":{"polluted":1}}`) as unknown;
    expect(Object.keys(errorsOf(inputs))).toEqual([name]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("refuses __proto__ even where an agent declares it", () => {
    const schema = { properties: JSON.parse('{"__proto__":{}}') as Record<string, JsonSchema> };
    expect(Object.keys(errorsOf(JSON.parse('{"__proto__":1}'), schema))).toEqual(["__proto__"]);
  });

  it.each([null, [], "x", 1, undefined])("refuses %j for inputs", (inputs) => {
    expect(Object.keys(errorsOf(inputs))).toEqual([""]);
  });

  it("refuses values that are no JSON", () => {
    expect(Object.keys(errorsOf({ topic: [1, { at: Number.NaN }] }))).toEqual(["topic"]);
    expect(Object.keys(errorsOf({ topic: undefined }))).toEqual(["topic"]);
  });
});
