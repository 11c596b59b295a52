import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeUnicodeEscape, encodeUnicodeEscape } from "./unicode-escape.ts";

test("decoding undoes encoding, and encoded text is printable ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const encoded = encodeUnicodeEscape(text);
      expect(encoded).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeUnicodeEscape(encoded)).toBe(text);
    }),
    { seed: 20_261_122, numRuns: 200 },
  );
});

test.each([
  ["\\a\\b\\f\\v\\0\\x41\\\\n\\'", "\x07\b\f\v\0A\\n'"],
  ["line\\\nend", "lineend"],
  ["\\777", "ǿ"],
  ["\\q", "\\q"],
])("%j", (escaped, text) => {
  expect(decodeUnicodeEscape(escaped)).toBe(text);
});

test.each(["\\", "\\x4", "\\u12", "\\U00110000", "\\N{BULLET}"])("%j is not complete or not known", (text) => {
  expect(() => decodeUnicodeEscape(text)).toThrow("not complete or not known");
});
