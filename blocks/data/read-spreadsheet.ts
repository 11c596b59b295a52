import * as z from "zod";
import { BlockError, defineBlock } from "../define-block.ts";
import { dictionary } from "../pin-types.ts";
import { readCsv } from "./read-csv.ts";

const PEOPLE = "name, age\nAda, 36\nLin, 41";

export default defineBlock({
  id: "acf7625e-d2cb-4941-bfeb-2819fc6fc015",
  name: "ReadSpreadsheetBlock",
  description: "Reads a table from text with comma-separated values (CSV), row by row.",
  categories: ["TEXT", "DATA"],
  effects: "pure",
  input: z.object({
    contents: z
      .string()
      .meta({ format: "long-text" })
      .nullable()
      .default(null)
      .meta({ description: "The table as text.", advanced: false }),
    file_input: z
      .string()
      .nullable()
      .default(null)
      .meta({ description: "A file; not offered yet, give the text instead." }),
    delimiter: z.string().default(",").meta({ description: "The character between cells." }),
    quotechar: z
      .string()
      .default('"')
      .meta({ description: "The character around cells that hold delimiters or line ends." }),
    escapechar: z
      .string()
      .default("\\")
      .meta({ description: "The character that takes its meaning from the next one." }),
    has_header: z.boolean().default(true).meta({ description: "The first row holds the names of the columns." }),
    skip_rows: z.int().min(0).default(0).meta({ description: "Rows to leave out after the header." }),
    strip: z.boolean().default(true).meta({ description: "Take whitespace off both ends of every cell." }),
    skip_columns: z.array(z.string()).default([]).meta({ description: "Columns to leave out." }),
    produce_singular_result: z
      .boolean()
      .default(false)
      .meta({ description: "Give all rows at once instead of one by one." }),
  }),
  output: z.object({
    row: dictionary().meta({ description: "A row by column, once for each." }),
    rows: z.array(dictionary()).meta({ description: "All rows, when they are given at once." }),
  }),
  examples: [
    {
      name: "row by row",
      input: { contents: PEOPLE },
      expect: [
        ["row", { name: "Ada", age: "36" }],
        ["row", { name: "Lin", age: "41" }],
      ],
    },
    {
      name: "all at once",
      input: { contents: PEOPLE, produce_singular_result: true, skip_rows: 1, skip_columns: ["age"] },
      expect: [["rows", [{ name: "Lin" }]]],
    },
    {
      name: "without a header",
      input: { contents: "a;b\nc;d", delimiter: ";", has_header: false },
      expect: [
        ["row", { "0": "a", "1": "b" }],
        ["row", { "0": "c", "1": "d" }],
      ],
    },
    {
      name: "quotes, doubled and escaped",
      input: { contents: 'q,r\n"say ""hi"", ok","a\\"b"\nx\\,y,C:\\\\tmp' },
      expect: [
        ["row", { q: 'say "hi", ok', r: 'a"b' }],
        ["row", { q: "x,y", r: "C:\\tmp" }],
      ],
    },
    {
      name: "a row longer than the header",
      input: { contents: "a\n1,2" },
      expect: [["row", { a: "1", "1": "2" }]],
    },
    { name: "an empty table", input: { contents: "", produce_singular_result: true }, expect: [["rows", []]] },
    { name: "a quote that is not closed", input: { contents: 'a\n"b' }, expectError: "cannot be read" },
    { name: "a file", input: { file_input: "workspace://1" }, expectError: "file_input" },
    { name: "neither text nor file", input: {}, expectError: "contents" },
  ],
  async *run({ input }) {
    if (input.file_input !== null && input.file_input !== "") {
      throw new BlockError(
        "not_supported",
        'Files cannot be read yet. Give the table as text on the pin "contents" instead of "file_input".',
      );
    }
    if (input.contents === null) {
      throw new BlockError("invalid_input", 'Give the table as text on the pin "contents".');
    }
    const rows = readCsv(input.contents, input);
    if (input.produce_singular_result) {
      yield ["rows", rows];
      return;
    }
    for (const row of rows) {
      yield ["row", row];
    }
  },
});
