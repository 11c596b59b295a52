import { describe, expect, it } from "vitest";
import { parseIfMatch } from "./if-match.ts";

describe("parseIfMatch", () => {
  it.each([
    [undefined, undefined],
    ['"3"', 3],
    ['W/"12"', 12],
    ["7", 7],
  ])("reads %j as %j", (header, version) => {
    expect(parseIfMatch(header)).toBe(version);
  });

  it.each(["", "*", '"abc"', '"1", "2"', '"-1"', '"1.5"'])("refuses %j", (header) => {
    expect(() => parseIfMatch(header)).toThrow(expect.objectContaining({ status: 400, code: "invalid_if_match" }));
  });
});
