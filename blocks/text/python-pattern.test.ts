import { describe, expect, test } from "vitest";
import { BlockError } from "../define-block.ts";
import { PythonPattern } from "./python-pattern.ts";

const FLAGS = { caseSensitive: true, dotAll: true };

function search(pattern: string, text: string, flags = FLAGS): (string | null)[] | string | undefined {
  try {
    return new PythonPattern(pattern, flags).search(text)?.groups;
  } catch (error) {
    return error instanceof BlockError ? error.code : String(error);
  }
}

describe("reads patterns as Python does", () => {
  test.each<[pattern: string, text: string, expected: (string | null)[] | undefined]>([
    ["\\w+", "-- 名字_1 --", ["名字_1"]],
    ["[\\w-]+", "é-1!", ["é-1"]],
    ["\\W+", "ab, _c", [", "]],
    ["[\\W_]+", "ab_, c", ["_, "]],
    ["[^\\w]", "名!", ["!"]],
    ["\\d+", "٣٤", ["٣٤"]],
    ["\\D", "12a", ["a"]],
    ["a\\s+b", "a\u3000\n b", ["a\u3000\n b"]],
    ["[\\S]+", " \u00a0x\u2003", ["x"]],
    ["\\Aab\\Z", "ab", ["ab"]],
    ["\\u4e2d\\U0001f600", "中😀", ["中😀"]],
    ["(?P<year>\\d{4})-(?P<month>\\d\\d)", "in 2026-01", ["2026-01", "2026", "01"]],
    ["(a)|(b)", "b", ["b", null, "b"]],
    ["a{,2}b", "aaab", ["aab"]],
    ["(?i)hello", "HELLO", ["HELLO"]],
    ["(?u)(?i:A)b", "ab", ["ab"]],
    ["a(?#a remark)b", "ab", ["ab"]],
    ["[[:x]+", "a[:x]", ["[:x"]],
    ["[]a]+", "]a", ["]a"]],
    ["(?<=\\$)\\d+", "$42", ["42"]],
    ["end$", "the end\n", ["end"]],
    ["^(.*)$", "one\ntwo", ["one\ntwo", "one\ntwo"]],
    ["[\\b]", "a\b", ["\b"]],
    ["x", "abc", undefined],
  ])("%s in %j", (pattern, text, expected) => {
    expect(search(pattern, text)).toEqual(expected);
  });

  test("flags", () => {
    expect(search("É", "é", { caseSensitive: false, dotAll: true })).toEqual(["é"]);
    expect(search("a.b", "a\nb", { caseSensitive: true, dotAll: false })).toBeUndefined();
  });

  test("all matches, empty ones too", () => {
    expect([...new PythonPattern("x*", FLAGS).searchAll("axx")].map(({ groups }) => groups[0])).toEqual(["", "xx", ""]);
  });
});

describe("refuses what cannot run in linear time, and what is no pattern", () => {
  test.each([
    ["a(?=b)", "unsupported_pattern"],
    ["a(?!b)", "unsupported_pattern"],
    ["(a)\\1", "unsupported_pattern"],
    ["(?P<n>a)(?P=n)", "unsupported_pattern"],
    ["(a)?(?(1)b|c)", "unsupported_pattern"],
    ["(?>a+)b", "unsupported_pattern"],
    ["a++b", "unsupported_pattern"],
    ["(?x) a b", "unsupported_pattern"],
    ["((a{100}){100}){100}", "invalid_pattern"],
    [`(${"abcdefghij".repeat(100)}){999}`, "unsupported_pattern"],
    ["(", "invalid_pattern"],
    ["[a", "invalid_pattern"],
    ["*", "invalid_pattern"],
    ["\\q", "invalid_pattern"],
    ["a\\", "invalid_pattern"],
    ["x".repeat(5_001), "invalid_pattern"],
  ])("%s", (pattern, code) => {
    expect(search(pattern, "aaaa")).toBe(code);
  });

  test.each(["(a+)+$", "(a|a)*b", "(a|aa)+$", "(.*a){20}b", "([a-z]+)*1"])("%s cannot hang", (pattern) => {
    expect(search(pattern, `${"a".repeat(50_000)}!`)).toBeUndefined();
  });
});
