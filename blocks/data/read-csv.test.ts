import { expect, test } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import { BlockError } from "../define-block.ts";
import { type CsvOptions, readCsv } from "./read-csv.ts";

const DEFAULTS: CsvOptions = {
  delimiter: ",",
  quotechar: '"',
  escapechar: "\\",
  has_header: true,
  skip_rows: 0,
  strip: true,
  skip_columns: [],
};

test.each<[name: string, contents: string, options: Partial<CsvOptions>, rows: JsonObject[]]>([
  ["CRLF and a byte order mark", "\ufeffa,b\r\n1,2\r\n", {}, [{ a: "1", b: "2" }]],
  ["a line end in quotes", 'a,b\n"x\ny",2', {}, [{ a: "x\ny", b: "2" }]],
  ["tabs and other quotes", "a\tb\n'x\ty'\t2", { delimiter: "\t", quotechar: "'" }, [{ a: "x\ty", b: "2" }]],
  ["whitespace kept", "a,b\n 1 ,2", { strip: false }, [{ a: " 1 ", b: "2" }]],
  ["an escaped quote within quotes", 'a\n"x\\"y"', {}, [{ a: 'x"y' }]],
  ["an escaped delimiter and escape", "a,b\nx\\,y,\\\\", {}, [{ a: "x,y", b: "\\" }]],
  ["an escape before a plain character goes", "a\nC:\\new\\\\dir", {}, [{ a: "C:new\\dir" }]],
  ["no escape character", "a\nC:\\new", { escapechar: "" }, [{ a: "C:\\new" }]],
  ["an escape at the very end", "a\nx\\", {}, [{ a: "x\\" }]],
  ["private characters in the text are kept", "a,b\nx\\,y,\ue000", {}, [{ a: "x,y", b: "\ue000" }]],
  ["columns left out by name and number", "a,b,c\n1,2,3", { skip_columns: ["a", "2"] }, [{ b: "2" }]],
  ["rows left out come after the header", "a\n1\n2\n3", { skip_rows: 2 }, [{ a: "3" }]],
  ["a header only", "a,b\n", {}, []],
  ["a short row", "a,b\n1", {}, [{ a: "1" }]],
  ["a quote within a cell", 'a\n5" nail', {}, [{ a: '5" nail' }]],
])("%s", (_name, contents, options, rows) => {
  expect(readCsv(contents, { ...DEFAULTS, ...options })).toEqual(rows);
});

test("columns named after JavaScript's own names", () => {
  const rows = readCsv("__proto__,constructor\n1,2", DEFAULTS);
  expect(JSON.stringify(rows)).toBe('[{"__proto__":"1","constructor":"2"}]');
});

test.each<[string, string, Partial<CsvOptions>, string]>([
  ["an open quote", 'a\n"x', {}, "invalid_csv"],
  ["a long delimiter", "a", { delimiter: "ab" }, "invalid_input"],
  ["no quote character", "a", { quotechar: "" }, "invalid_input"],
  ["too many rows", "a\n".repeat(100_001), {}, "input_too_large"],
  ["too long", "x".repeat(20_000_001), {}, "input_too_large"],
])("%s is refused", (_name, contents, options, code) => {
  let thrown: unknown;
  try {
    readCsv(contents, { ...DEFAULTS, ...options });
  } catch (error) {
    thrown = error;
  }
  expect(thrown instanceof BlockError && thrown.code).toBe(code);
});
