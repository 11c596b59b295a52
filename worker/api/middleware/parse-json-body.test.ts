import { describe, expect, it } from "vitest";
import { MAX_BODY_DEPTH, parseJsonBody } from "./parse-json-body.ts";

const parse = (text: string): unknown => parseJsonBody(new TextEncoder().encode(text));

describe("parseJsonBody", () => {
  it("reads JSON of any kind", () => {
    expect(parse('{"a":[1,null,"ü"]}')).toEqual({ a: [1, null, "ü"] });
    expect(parse("3")).toBe(3);
  });

  it.each(["", "{", "{'a':1}", "undefined", "[1,]", '{"a":1} x', "NaN"])("refuses %j as invalid_json", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ status: 400, code: "invalid_json" }));
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(() => parseJsonBody(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_json" }),
    );
  });

  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"a":[{"b":{"__proto__":1}}]}',
    String.raw`{"\u005f_proto__":{"polluted":1}}`,
  ])("refuses the key __proto__ anywhere: %s", (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ status: 400, code: "invalid_name" }));
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("lets __proto__ pass as a value, and other names of JavaScript as keys", () => {
    expect(parse('{"text":"__proto__","constructor":1,"prototype":2}')).toEqual({
      text: "__proto__",
      constructor: 1,
      prototype: 2,
    });
  });

  it("bounds the nesting, and a million levels do not overflow anything", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(parse(nested(MAX_BODY_DEPTH))).toBeInstanceOf(Array);
    for (const depth of [MAX_BODY_DEPTH + 1, 1_000_000]) {
      expect(() => parse(nested(depth))).toThrow(expect.objectContaining({ status: 400 }));
    }
  });
});
