import { describe, expect, it } from "vitest";
import { findNonJson, isJsonValue, jsonEquals, MAX_JSON_DEPTH } from "./json-value.ts";
import { getOwn, isUnsafeName, recordOf } from "./own-property.ts";

describe("findNonJson", () => {
  it.each<[unknown, string]>([
    [undefined, ""],
    [Number.NaN, ""],
    [{ a: [1, Number.POSITIVE_INFINITY] }, "a[1]"],
    [{ a: { b: undefined } }, "a.b"],
    [[() => 1], "[0]"],
    [{ a: 1n }, "a"],
    [{ a: new Map() }, "a"],
    [{ a: /x/ }, "a"],
    [{ first: Symbol("x"), second: undefined }, "first"],
  ])("finds what is no JSON", (value, path) => {
    expect(findNonJson(value)?.path).toBe(path);
    expect(isJsonValue(value)).toBe(false);
  });

  it("accepts JSON, objects without a prototype included", () => {
    const bare: object = Object.assign(Object.create(null) as object, { a: [null, true, 1.5, "x", {}] });
    expect(findNonJson(bare)).toBeUndefined();
    expect(findNonJson(JSON.parse('{"__proto__":{"a":1}}'))).toBeUndefined();
  });

  it("looks into __proto__ keys too", () => {
    const value: Record<string, unknown> = recordOf([["__proto__", Number.NaN]]);
    expect(findNonJson(value)?.path).toBe("__proto__");
  });

  it("counts levels", () => {
    const nest = (depth: number): unknown => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
    expect(findNonJson(nest(MAX_JSON_DEPTH))).toBeUndefined();
    expect(findNonJson(nest(MAX_JSON_DEPTH + 1))?.message).toContain("nested deeper");
  });
});

describe("jsonEquals", () => {
  it("is deep and blind to the order of keys", () => {
    expect(jsonEquals({ a: [1, { b: null }], c: 1 }, { c: 1, a: [1, { b: null }] })).toBe(true);
    for (const [left, right] of [
      [{ a: 1 }, { a: 2 }],
      [{ a: 1 }, { b: 1 }],
      [{ a: 1 }, {}],
      [[1], [1, 2]],
      [[], {}],
      [null, {}],
      [{}, JSON.parse('{"__proto__":1}')],
      [{ x: 1 }, JSON.parse('{"__proto__":1}')],
    ] as [unknown, unknown][]) {
      expect(jsonEquals(left, right)).toBe(false);
    }
  });
});

describe("own properties", () => {
  it("never reach the prototype", () => {
    expect(getOwn({}, "constructor")).toBeUndefined();
    expect(getOwn({} as Record<string, unknown>, "__proto__")).toBeUndefined();
    const record = recordOf([["__proto__", { polluted: 1 }]]);
    expect(getOwn(record, "__proto__")).toEqual({ polluted: 1 });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(["__proto__", "constructor", "prototype", "toString"].map(isUnsafeName)).toEqual([true, true, true, false]);
  });
});
