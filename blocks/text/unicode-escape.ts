import { BlockError } from "../define-block.ts";

const SHORT: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Python's codec `unicode_escape`: everything but printable ASCII becomes `\n`, `\xe9`, `\u4e2d` or `\U0001f600`. */
export function encodeUnicodeEscape(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return SHORT[char] ?? escapeCode(code);
  });
}

function escapeCode(code: number): string {
  if (code > 0xff_ff) {
    return `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
}

const NAMED: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]?))/g;

/**
 * Python's codec `unicode_escape`, backwards. Characters beyond ASCII stay as they are (Python would take them for Latin-1 bytes);
 * escapes that mean nothing stay too.
 * @throws BlockError `invalid_escape` for `\x`, `\u` and `\U` without their digits, and for a lone backslash at the end
 */
export function decodeUnicodeEscape(text: string): string {
  return text.replace(ESCAPE, (escape: string, ...groups: (string | number | undefined)[]) => {
    const [x, u, long, octal, other] = groups as (string | undefined)[];
    const hex = x ?? u ?? long;
    if (hex !== undefined || octal !== undefined) {
      return fromCode(hex === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(hex, 16), escape);
    }
    if (other === undefined || other === "" || "xuUN".includes(other)) {
      throw invalidEscape(escape);
    }
    return NAMED[other] ?? escape;
  });
}

function fromCode(code: number, escape: string): string {
  if (code > 0x10_ff_ff) {
    throw invalidEscape(escape);
  }
  return String.fromCodePoint(code);
}

function invalidEscape(escape: string): BlockError {
  return new BlockError("invalid_escape", `The text holds an escape that is not complete or not known: ${escape}`);
}
