import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GraphError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { anyJson, SEED } from "../model/graph-generators.testkit.ts";
import {
  basePinName,
  isToolPin,
  MAX_LIST_INDEX,
  mergeDynamicInput,
  parseToolPin,
  selectOutput,
} from "./dynamic-pins.ts";

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof GraphError ? error.code : String(error);
  }
  return "no error";
}

describe("basePinName", () => {
  it.each([
    ["values", "values"],
    ["values_#_name", "values"],
    ["items_$_0", "items"],
    ["obj_@_attr", "obj"],
    ["a_#_b_$_0_@_c", "a"],
    ["snake_case_pin", "snake_case_pin"],
    ["trailing__#_x", "trailing_"],
    ["tools_^_node_~_pin", "tools"],
    ["tools", "tools"],
  ])("of %s is %s", (name, base) => {
    expect(basePinName(name)).toBe(base);
  });
});

describe("tool pins", () => {
  it("are recognised and taken apart", () => {
    expect(isToolPin("tools_^_n-1_~_query")).toBe(true);
    expect(isToolPin("tools")).toBe(true);
    expect(isToolPin("tools_list")).toBe(false);
    expect(parseToolPin("tools_^_n-1_~_values_#_q")).toEqual({ node_id: "n-1", pin: "values_#_q" });
  });

  it.each(["tools", "tools_^_", "tools_^_n", "tools_^__~_pin", "tools_^_n_~_"])("has no parts in %s", (name) => {
    expect(parseToolPin(name)).toBeUndefined();
  });

  it("carry a value only to the sink that they name", () => {
    const pin = "tools_^_n1_~_query";
    expect(selectOutput(pin, 1, "tools", { node_id: "n1", pin: "query" })).toEqual({ matched: true, value: 1 });
    expect(selectOutput(pin, 1, "tools_^_old name_~_query", { node_id: "n1", pin: "query" })).toEqual({
      matched: true,
      value: 1,
    });
    expect(selectOutput(pin, 1, "tools", { node_id: "n2", pin: "query" }).matched).toBe(false);
    expect(selectOutput(pin, 1, "tools", { node_id: "n1", pin: "other" }).matched).toBe(false);
    expect(selectOutput(pin, 1, "finished", { node_id: "n1", pin: "query" }).matched).toBe(false);
  });
});

describe("selectOutput", () => {
  const value: JsonValue = { list: [{ a: 1 }, null], "": 0, text: "abc", null: null };
  it.each<[string, JsonValue]>([
    ["out", value],
    ["out_#_list", [{ a: 1 }, null]],
    ["out_#_list_$_0", { a: 1 }],
    ["out_#_list_$_0_#_a", 1],
    ["out_@_list_$_0_@_a", 1],
    ["out_#_list_$_1", null],
    ["out_#_null", null],
  ])("takes %s", (source, expected) => {
    expect(selectOutput("out", value, source)).toEqual({ matched: true, value: expected });
  });

  it.each([
    "other",
    "out_",
    "output",
    "out_#_",
    "out_#_missing",
    "out_$_0",
    "out_#_list_$_2",
    "out_#_list_$_-1",
    "out_#_list_$_x",
    "out_#_list_#_0",
    "out_#_text_$_0",
    "out_#_text_#_length",
    "out_#_list_#_length",
    "out_#_toString",
    "out_#___proto__",
    "out_#_constructor",
  ])("does not match %s", (source) => {
    expect(selectOutput("out", value, source)).toEqual({ matched: false });
  });

  it("passes a null on the exact pin", () => {
    expect(selectOutput("out", null, "out")).toEqual({ matched: true, value: null });
    expect(selectOutput("out", null, "out_#_a").matched).toBe(false);
  });

  it("does not take a pin whose name is a prefix of another", () => {
    expect(selectOutput("a", { b: 1 }, "ab_#_b").matched).toBe(false);
  });
});

describe("mergeDynamicInput", () => {
  it("expands keys, indexes and attributes and keeps the flat keys", () => {
    expect(mergeDynamicInput({ "values_#_a": 1, items_$_2: "x", "obj_@_p_#_q_$_1": true })).toEqual({
      "values_#_a": 1,
      items_$_2: "x",
      "obj_@_p_#_q_$_1": true,
      values: { a: 1 },
      items: [null, null, "x"],
      obj: { p: { q: [null, true] } },
    });
  });

  it("writes into what the whole pin holds without changing the given data", () => {
    const inner = { keep: 1 };
    const data: JsonObject = { values: { inner }, "values_#_inner_#_more": 2, list: ["a", "b"], list_$_1: "c" };
    const before = structuredClone(data);
    const merged = mergeDynamicInput(data);
    expect(merged.values).toEqual({ inner: { keep: 1, more: 2 } });
    expect(merged.list).toEqual(["a", "c"]);
    expect(data).toEqual(before);
    expect(inner).toEqual({ keep: 1 });
  });

  it("does not write into a value that came by a flat key", () => {
    const shared = { a: 1 };
    const merged = mergeDynamicInput({ "v_#_x": shared, "v_#_x_#_b": 2 });
    expect(merged.v).toEqual({ x: { a: 1, b: 2 } });
    expect(shared).toEqual({ a: 1 });
    expect(merged["v_#_x"]).toEqual({ a: 1 });
  });

  it.each([
    "values_#_",
    "values_$_x",
    "values_$_-1",
    "values_$_1.5",
    "_#_a",
    "tools_^_n_~_values_#_a",
    "values_#_a_$_",
  ])("leaves the malformed key %s as it is", (key) => {
    expect(mergeDynamicInput({ [key]: 1 })).toEqual({ [key]: 1 });
  });

  it("returns the very data when there is nothing to expand", () => {
    const data = { a: 1 };
    expect(mergeDynamicInput(data)).toBe(data);
  });

  it("replaces null and missing bases", () => {
    expect(mergeDynamicInput({ values: null, "values_#_a": 1 }).values).toEqual({ a: 1 });
  });

  it.each<[JsonObject]>([
    [{ values: [1], "values_#_a": 1 }],
    [{ values: "text", "values_#_a": 1 }],
    [{ values: { a: 1 }, values_$_0: 1 }],
    [{ "values_#_a": 1, values_$_0: 1 }],
    [{ "values_#_a": 1, "values_#_a_#_b": 1 }],
  ])("refuses parts that do not fit: %j", (data) => {
    expect(codeOf(() => mergeDynamicInput(data))).toBe("dynamic_pin_conflict");
  });

  it("pads up to the cap and not beyond", () => {
    expect(mergeDynamicInput({ [`l_$_${MAX_LIST_INDEX}`]: 1 }).l).toHaveLength(MAX_LIST_INDEX + 1);
    expect(codeOf(() => mergeDynamicInput({ [`l_$_${MAX_LIST_INDEX + 1}`]: 1 }))).toBe("dynamic_pin_too_large");
    expect(codeOf(() => mergeDynamicInput({ l_$_999999999: 1 }))).toBe("dynamic_pin_too_large");
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`l${index}_$_${MAX_LIST_INDEX}`, 1]));
    expect(codeOf(() => mergeDynamicInput(many))).toBe("dynamic_pin_too_large");
  });

  it("keeps values under __proto__ without touching any prototype", () => {
    const merged = mergeDynamicInput({
      "values_#___proto__": { polluted: 1 },
      "values_#___proto___#_x": 2,
      "__proto___#_y": 3,
    });
    expect(Object.hasOwn(merged.values as object, "__proto__")).toBe(true);
    expect(JSON.stringify(merged.values)).toBe('{"__proto__":{"polluted":1,"x":2}}');
    expect(Object.hasOwn(merged, "__proto__")).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).y).toBeUndefined();
  });

  it("lets every expanded key be selected again", () => {
    const key = fc.constantFrom("a", "b_c", "__proto__", "constructor", "0");
    const step = fc.oneof(
      key.map((text) => `_#_${text}`),
      fc.nat(30).map((index) => `_$_${index}`),
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), anyJson, (steps, value) => {
        const name = `pin${steps.join("")}`;
        const merged = mergeDynamicInput({ [name]: value });
        expect(selectOutput("pin", merged.pin ?? null, name)).toEqual({ matched: true, value });
      }),
      { seed: SEED },
    );
  });
});
