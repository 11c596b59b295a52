import { isTruthy } from "./compare-values.ts";
import { fixedText } from "./number-text.ts";
import { pythonText } from "./python-text.ts";
import type { Plain } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import { argument, type CallArguments, textArgument, widthArgument } from "./call-arguments.ts";

const DECIMAL_UNITS = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const BINARY_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

/** Jinja's `filesizeformat`: `13.0 kB`, or `12.7 KiB` with `binary`. */
export function fileSize(value: Plain, call: CallArguments): string {
  const bytes = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof bytes !== "number" || !Number.isFinite(bytes)) {
    throw templateFailed("filesizeformat needs a number of bytes.");
  }
  const binary = isTruthy(argument(call, 0, "binary"));
  const base = binary ? 1024 : 1000;
  if (bytes < base) {
    return bytes === 1 ? "1 Byte" : `${Math.trunc(bytes)} Bytes`;
  }
  const units = binary ? BINARY_UNITS : DECIMAL_UNITS;
  const found = units.findIndex((_, index) => bytes < base ** (index + 2));
  const at = found === -1 ? units.length - 1 : found;
  return `${fixedText((base * bytes) / base ** (at + 2), 1)} ${units[at] ?? ""}`;
}

/** Jinja's `wordwrap`: breaks each line at `width` characters, between words, after hyphens, and inside of words too long. */
export function wordWrap(value: Plain, call: CallArguments): string {
  const text = pythonText(value);
  const options: WrapOptions = {
    width: widthArgument(call, 0, "width", 79),
    breakLong: isTruthy(argument(call, 1, "break_long_words") ?? true),
    breakHyphens: isTruthy(argument(call, 3, "break_on_hyphens") ?? true),
  };
  if (options.width < 1) {
    throw templateFailed("wordwrap needs a width of at least 1.");
  }
  call.budget.spend(text.length * 8);
  const separator = textArgument(call, 2, "wrapstring", "\n");
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n$/, "").split("\n");
  const wrapped = lines.flatMap((line) => {
    const parts = wrapLine(line, options);
    return parts.length === 0 ? [""] : parts;
  });
  call.budget.spend(wrapped.length * separator.length);
  return wrapped.join(separator);
}

interface WrapOptions {
  width: number;
  breakLong: boolean;
  breakHyphens: boolean;
}

function wrapLine(line: string, options: WrapOptions): string[] {
  const pieces = options.breakHyphens ? line.split(/(?<=\p{L}{2}-)(?=\p{L}{2})/u) : [line];
  const chunks = pieces.flatMap((piece) => piece.match(/\s+|\S+/g) ?? []);
  const lines: string[] = [];
  let current = "";
  for (let at = 0; at < chunks.length; at += 1) {
    let chunk = chunks[at] ?? "";
    const isBlank = chunk.trim() === "";
    if (current === "" && isBlank && lines.length > 0) {
      continue;
    }
    if (
      current.length + chunk.length > options.width &&
      chunk.length > options.width &&
      options.breakLong &&
      !isBlank
    ) {
      for (; current.length + chunk.length > options.width; current = "") {
        const room = options.width - current.length;
        lines.push((current + chunk.slice(0, room)).trimEnd());
        chunk = chunk.slice(room);
      }
    } else if (current !== "" && current.length + chunk.length > options.width) {
      lines.push(current.trimEnd());
      current = "";
      chunk = isBlank ? "" : chunk;
    }
    current += chunk;
  }
  return [...lines, current.trimEnd()].filter((part) => part !== "");
}
