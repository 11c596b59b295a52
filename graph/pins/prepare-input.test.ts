import { describe, expect, it } from "vitest";
import { BLOCK, testCatalog } from "../catalog/test-catalog.testkit.ts";
import type { JsonObject, JsonSchema } from "../json.ts";
import { prepareInput } from "./prepare-input.ts";

function schemaOf(block: string): JsonSchema {
  return testCatalog.get(block)?.input_schema ?? {};
}

describe("prepareInput", () => {
  it("lays the data over the defaults and fills in the block's own", () => {
    const input = prepareInput(schemaOf(BLOCK.calculator), { operation: "Add", a: 1, b: 2 }, { b: "5" });
    expect(input).toEqual({ ok: true, input: { operation: "Add", a: 1, b: 5, round_result: false } });
  });

  it("expands dynamic pins of defaults and data and keeps the flat keys", () => {
    const prepared = prepareInput(
      schemaOf(BLOCK.fillTemplate),
      { format: "{{a}}{{b}}", "values_#_a": 1 },
      { "values_#_b": 2 },
    );
    expect(prepared).toEqual({
      ok: true,
      input: { format: "{{a}}{{b}}", values: { a: 1, b: 2 }, "values_#_a": 1, "values_#_b": 2, escape_html: false },
    });
  });

  it("converts after expanding", () => {
    const prepared = prepareInput(schemaOf(BLOCK.combineTexts), { delimiter: "-" }, { input_$_1: 2, input_$_0: true });
    expect(prepared.ok && prepared.input.input).toEqual(["true", "2"]);
  });

  it("names every pin that is at fault", () => {
    const prepared = prepareInput(schemaOf(BLOCK.calculator), { operation: "Sum" }, { a: null });
    expect(prepared).toEqual({
      ok: false,
      errors: {
        operation: 'The value must be one of "Add", "Subtract", "Multiply", "Divide", "Power"',
        a: "This field is required",
        b: "This field is required",
      },
    });
  });

  it("takes null for absent where the pin does not take null, and for null where it does", () => {
    const prepared = prepareInput(schemaOf(BLOCK.countdown), { seconds: null, repeat: null, input_message: null }, {});
    expect(prepared).toEqual({ ok: true, input: { seconds: 0, repeat: 1, input_message: null } });
  });

  it("checks bounds", () => {
    expect(prepareInput(schemaOf(BLOCK.countdown), {}, { repeat: 1001 })).toEqual({
      ok: false,
      errors: { repeat: "The value must be at most 1000" },
    });
  });

  it("blames the pin whose parts do not fit", () => {
    const prepared = prepareInput(
      schemaOf(BLOCK.fillTemplate),
      { format: "", values: { a: 1 }, other: 1 },
      { values_$_0: 1 },
    );
    expect(prepared.ok ? {} : Object.keys(prepared.errors)).toEqual(["values"]);
  });

  it("keeps unknown keys, __proto__ included", () => {
    const data = JSON.parse('{"value":1,"more":2,"__proto__":{"polluted":1}}') as JsonObject;
    const prepared = prepareInput({ type: "object", properties: { value: { type: "integer" } } }, {}, data);
    expect(JSON.stringify(prepared)).toBe('{"ok":true,"input":{"more":2,"__proto__":{"polluted":1},"value":1}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("does not find required pins on the prototype", () => {
    expect(prepareInput({ required: ["constructor"] }, {}, {})).toEqual({
      ok: false,
      errors: { constructor: "This field is required" },
    });
  });
});
