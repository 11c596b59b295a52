import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "./command.ts";
import { inputValues } from "./input-values.ts";

const schema = {
  type: "object",
  properties: {
    text: { type: "string" },
    choice: { enum: ["1", "2"] },
    maybe: { anyOf: [{ type: "string" }, { type: "null" }] },
    count: { type: "integer" },
    list: { type: "array" },
    any: {},
  },
};

function values(...inputs: string[]) {
  return inputValues({ inputs }, schema);
}

describe("inputValues", () => {
  it("keeps texts where the schema wants texts", () => {
    expect(values("text=5", "choice=1", "maybe=null")).toEqual({ text: "5", choice: "1", maybe: "null" });
  });

  it("takes JSON where the schema wants something else", () => {
    expect(values("count=5", 'list=["a",1]', "any={}", "unknown=true")).toEqual({
      count: 5,
      list: ["a", 1],
      any: {},
      unknown: true,
    });
  });

  it("falls back to the text, so that the server says what is wrong with it", () => {
    expect(values("count=many", "any=hello = world", "list=")).toEqual({
      count: "many",
      any: "hello = world",
      list: "",
    });
  });

  it("lays --input over --input-file", () => {
    const file = join(mkdtempSync(join(tmpdir(), "weft-inputs-")), "inputs.json");
    writeFileSync(file, JSON.stringify({ text: "from file", count: 1 }));
    expect(inputValues({ inputs: ["count=2"], file }, schema)).toEqual({ text: "from file", count: 2 });
  });

  it("keeps a name that means something to JavaScript as a plain value", () => {
    const found = values('__proto__={"polluted":true}');
    expect(Object.hasOwn(found, "__proto__")).toBe(true);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("refuses what is no NAME=VALUE", () => {
    expect(() => values("text")).toThrow(UsageError);
    expect(() => values("=x")).toThrow(UsageError);
  });
});
