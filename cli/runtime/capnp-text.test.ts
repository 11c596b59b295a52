import { describe, expect, it } from "vitest";
import { capnpText, Embed, VOID } from "./capnp-text.ts";

describe("capnpText", () => {
  it("writes structs, lists, and the values in them", () => {
    expect(capnpText({ name: "a", list: [1, true, { x: VOID }], none: undefined, file: new Embed("/m/a.js") })).toBe(
      '(name = "a", list = [1, true, (x = void)], file = embed "/m/a.js")',
    );
  });

  it("writes bytes as hexadecimal", () => {
    expect(capnpText(new Uint8Array([0, 15, 255]))).toBe('0x"000fff"');
  });

  it("lets no text end early", () => {
    expect(capnpText('a"b\\c\n\u0000é')).toBe('"a\\"b\\\\c\\x0a\\x00é"');
  });
});
