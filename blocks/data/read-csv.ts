import { CsvError, parse } from "csv-parse/sync";
import type { JsonObject } from "#graph/json.ts";
import { setOwn } from "#graph/own-property.ts";
import { BlockError } from "../define-block.ts";

/** Longest table, characters and rows, and cells of one row. */
const MAX_CSV = 20_000_000;
const MAX_ROWS = 100_000;
const MAX_COLUMNS = 10_000;

export interface CsvOptions {
  delimiter: string;
  quotechar: string;
  escapechar: string;
  has_header: boolean;
  skip_rows: number;
  strip: boolean;
  skip_columns: string[];
}

/**
 * The rows of a text with comma-separated values, each a dictionary by column name, or by column number ("0", "1", …) where there
 * is no header or the row is longer than it. `skip_rows` counts from the first row after the header. `skip_columns` takes names
 * or numbers. Inside quotes, a doubled quote and an escaped one both stand for a quote, as in Python's `csv`.
 *
 * @throws BlockError `invalid_csv`, `invalid_input` for options that are no single characters, `input_too_large` over
 *   20,000,000 characters, 100,000 rows or 10,000 cells in a row
 */
export function readCsv(contents: string, options: CsvOptions): JsonObject[] {
  if (contents.length > MAX_CSV) {
    throw new BlockError(
      "input_too_large",
      `The table has ${contents.length} characters; at most ${MAX_CSV} can be read.`,
    );
  }
  const escapes = new EscapedCharacters(contents, options);
  const rows = parseRows(escapes.text, options);
  if (rows.length > MAX_ROWS) {
    throw new BlockError(
      "input_too_large",
      `The table has more than ${MAX_ROWS} rows, which is the most that can be read.`,
    );
  }
  if (rows.some((cells) => cells.length > MAX_COLUMNS)) {
    throw new BlockError(
      "input_too_large",
      `A row of the table has more than ${MAX_COLUMNS} cells, which is the most.`,
    );
  }
  const clean = (cell: string): string => (options.strip ? escapes.restore(cell).trim() : escapes.restore(cell));
  const header = options.has_header ? (rows.shift() ?? []).map(clean) : [];
  const skipped = new Set(options.skip_columns);
  return rows.slice(options.skip_rows).map((cells) => {
    const row: JsonObject = {};
    for (const [index, cell] of cells.entries()) {
      const column = header[index] ?? String(index);
      if (!skipped.has(column) && !skipped.has(String(index))) {
        setOwn(row, column, clean(cell));
      }
    }
    return row;
  });
}

function parseRows(text: string, options: CsvOptions): string[][] {
  for (const name of ["delimiter", "quotechar"] as const) {
    if (Array.from(options[name]).length !== 1) {
      throw new BlockError("invalid_input", `The pin "${name}" must be a single character.`);
    }
  }
  try {
    return parse(text, {
      bom: true,
      delimiter: options.delimiter,
      quote: options.quotechar,
      escape: options.quotechar,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      to: MAX_ROWS + 1,
    });
  } catch (error) {
    if (error instanceof CsvError) {
      throw new BlockError("invalid_csv", `The table cannot be read: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Characters after the escape character, put aside while the library reads the table: it knows one escape only, the doubled quote. */
class EscapedCharacters {
  readonly text: string;
  readonly #originals = new Map<string, string>();
  /** Private characters that the text itself has. */
  #used: Set<string> | undefined;

  constructor(contents: string, { escapechar, quotechar, delimiter }: CsvOptions) {
    if (Array.from(escapechar).length > 1) {
      throw new BlockError("invalid_input", 'The pin "escapechar" must be a single character, or empty for none.');
    }
    if (escapechar === "" || escapechar === quotechar || !contents.includes(escapechar)) {
      this.text = contents;
      return;
    }
    const special = new Set([quotechar, delimiter, escapechar, "\n", "\r"]);
    const parts = contents.split(escapechar);
    let text = parts[0] ?? "";
    for (let index = 1; index < parts.length; index += 1) {
      const part = parts[index] ?? "";
      const isDoubled = part === "" && index + 1 < parts.length;
      const escaped = isDoubled ? escapechar : String.fromCodePoint(part.codePointAt(0) ?? 0);
      const following = isDoubled ? (parts[(index += 1)] ?? "") : part.slice(part === "" ? 0 : escaped.length);
      text +=
        part === "" && !isDoubled ? escapechar : special.has(escaped) ? this.#standIn(escaped, contents) : escaped;
      text += following;
    }
    this.text = text;
  }

  restore(cell: string): string {
    let restored = cell;
    for (const [standIn, original] of this.#originals) {
      restored = restored.replaceAll(standIn, () => original);
    }
    return restored;
  }

  #standIn(original: string, contents: string): string {
    for (const [standIn, known] of this.#originals) {
      if (known === original) {
        return standIn;
      }
    }
    this.#used ??= new Set(contents.match(/[\ue000-\uf8ff]/g));
    let code = 0xe0_00 + this.#originals.size;
    while (this.#used.has(String.fromCharCode(code)) || this.#originals.has(String.fromCharCode(code))) {
      code += 1;
    }
    this.#originals.set(String.fromCharCode(code), original);
    return String.fromCharCode(code);
  }
}
