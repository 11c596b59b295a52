import { isNumeric, isTruthy, kindOf } from "./compare-values.ts";
import { fileSize, wordWrap } from "./layout-filters.ts";
import { roundedNumber } from "./number-text.ts";
import { formatPercent } from "./percent-format.ts";
import { escapeHtml, pythonText } from "./python-text.ts";
import { type Plain, type PlainResult, PythonFloat, tupleOf } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import { argument, type CallArguments, numberArgument, textArgument, widthArgument } from "./call-arguments.ts";
import { capitalize, center, replaceText, textMethod } from "./text-methods.ts";

export type TemplateFilter = (value: Plain, call: CallArguments) => PlainResult;

/** Jinja's filters for texts and numbers. */
export const TEXT_FILTERS: ReadonlyMap<string, TemplateFilter> = new Map<string, TemplateFilter>([
  ["upper", (value) => pythonText(value).toUpperCase()],
  ["lower", (value) => pythonText(value).toLowerCase()],
  ["title", titleWords],
  ["capitalize", (value) => capitalize(pythonText(value))],
  ["trim", (value, call) => textMethod("strip")?.(pythonText(value), call)],
  ["string", pythonText],
  ["safe", pythonText],
  ["escape", (value) => escapeHtml(pythonText(value))],
  ["e", (value) => escapeHtml(pythonText(value))],
  ["forceescape", (value) => escapeHtml(pythonText(value))],
  ["format", format],
  ["wordwrap", wordWrap],
  ["filesizeformat", fileSize],
  ["replace", replace],
  ["indent", indent],
  ["center", (value, call) => center(pythonText(value), widthArgument(call, 0, "width", 80))],
  ["truncate", truncate],
  ["striptags", stripTags],
  ["urlencode", urlEncode],
  ["wordcount", (value) => pythonText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
  ["tojson", toJson],
  ["default", withDefault],
  ["d", withDefault],
  ["int", toInteger],
  ["float", toFloat],
  ["abs", (value) => Math.abs(numeric(value))],
  ["round", round],
]);

/** Jinja's `title`: a word begins after a space, a hyphen or an opening bracket, so the letter after an apostrophe stays. */
function titleWords(value: Plain): string {
  return pythonText(value)
    .split(/([-\s({[<]+)/)
    .map((word) => capitalize(word))
    .join("");
}

function format(value: Plain, call: CallArguments): string {
  if (call.args.length > 0 && call.kwargs.size > 0) {
    throw templateFailed("format takes either values in order or values by name.");
  }
  const operand = call.kwargs.size > 0 ? new Map(call.kwargs) : tupleOf(call.args);
  return formatPercent(pythonText(value), operand, call.budget);
}

function replace(value: Plain, call: CallArguments): string {
  const args = call.args.map((part, index) => (index < 2 ? pythonText(part) : part));
  return replaceText(pythonText(value), { ...call, args });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

function stripTags(value: Plain): string {
  return withoutComments(pythonText(value))
    .replace(/<[^<>]*>/g, "")
    .split(/\s+/)
    .filter(Boolean)
    .join(" ")
    .replace(/&(?:#(\d{1,7})|(amp|lt|gt|quot|apos|nbsp));/g, (entity, code: string | undefined, name = "") =>
      code === undefined ? (ENTITIES[String(name)] ?? entity) : characterAt(Number(code), entity),
    );
}

function withoutComments(text: string): string {
  let kept = "";
  let from = 0;
  for (let start = text.indexOf("<!--"); start !== -1; start = text.indexOf("<!--", from)) {
    const end = text.indexOf("-->", start + 4);
    if (end === -1) {
      break;
    }
    kept += text.slice(from, start);
    from = end + 3;
  }
  return kept + text.slice(from);
}

function characterAt(code: number, otherwise: string): string {
  return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : otherwise;
}

function indent(value: Plain, call: CallArguments): string {
  const width = argument(call, 0, "width");
  const prefix = typeof width === "string" ? width : " ".repeat(widthArgument(call, 0, "width", 4));
  const first = isTruthy(argument(call, 1, "first"));
  const blank = isTruthy(argument(call, 2, "blank"));
  const lines = pythonText(value).split("\n");
  call.budget.spend(lines.length * prefix.length);
  return lines.map((line, at) => ((at === 0 && !first) || (line === "" && !blank) ? line : prefix + line)).join("\n");
}

function truncate(value: Plain, call: CallArguments): string {
  const text = pythonText(value);
  const length = numberArgument(call, 0, "length", 255);
  const end = textArgument(call, 2, "end", "...");
  const leeway = numberArgument(call, 3, "leeway", 5);
  if (text.length <= length + leeway) {
    return text;
  }
  const cut = text.slice(0, Math.max(0, length - end.length));
  const space = cut.lastIndexOf(" ");
  return (isTruthy(argument(call, 1, "killwords")) || space === -1 ? cut : cut.slice(0, space)) + end;
}

function urlEncode(value: Plain): string {
  const encode = (text: string): string =>
    encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd")).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const pairs = value instanceof Map ? [...value] : Array.isArray(value) ? value : undefined;
  if (pairs) {
    const quote = (item: Plain): string => encode(pythonText(item)).replaceAll("%20", "+");
    return pairs.map((pair) => (Array.isArray(pair) ? pair.slice(0, 2).map(quote).join("=") : quote(pair))).join("&");
  }
  return encode(pythonText(value)).replaceAll("%2F", "/");
}

function toJson(value: Plain, call: CallArguments): string {
  const text = JSON.stringify(jsonOf(value), null, widthArgument(call, 0, "indent", 0)) ?? "null";
  call.budget.spend(text.length);
  return text;
}

function jsonOf(value: Plain): unknown {
  if (Array.isArray(value)) {
    return value.map(jsonOf);
  }
  return value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [key, jsonOf(item)])) : value;
}

function withDefault(value: Plain, call: CallArguments): PlainResult {
  const fallback = call.args.length > 0 ? call.args[0] : (call.kwargs.get("default_value") ?? "");
  const missing = value === undefined || (isTruthy(argument(call, 1, "boolean")) && !isTruthy(value));
  return missing ? fallback : value;
}

function toNumber(value: Plain, fallback: Plain, shape: (value: number) => number): Plain {
  const number = isNumeric(value)
    ? Number(value)
    : typeof value === "string" && value.trim() !== ""
      ? Number(value)
      : NaN;
  return Number.isFinite(number) ? shape(number) : fallback;
}

function toInteger(value: Plain, call: CallArguments): Plain {
  const base = numberArgument(call, 1, "base", 10);
  if (typeof value === "string" && base >= 2 && base <= 36 && base !== 10) {
    const digits = value.trim().replace(/^([-+]?)0[xob]/i, "$1");
    const isNumber = Array.from(digits.replace(/^[-+]/, "")).every(
      (digit) => !Number.isNaN(Number.parseInt(digit, base)),
    );
    const number = isNumber ? Number.parseInt(digits, base) : NaN;
    return Number.isNaN(number) ? (argument(call, 0, "default") ?? 0) : number;
  }
  return toNumber(value, argument(call, 0, "default") ?? 0, Math.trunc);
}

function toFloat(value: Plain, call: CallArguments): PlainResult {
  const number = toNumber(value, argument(call, 0, "default") ?? 0, (float) => float);
  return typeof number === "number" ? new PythonFloat(number) : number;
}

function round(value: Plain, call: CallArguments): PlainResult {
  const precision = Math.max(-100, Math.min(100, Math.trunc(numberArgument(call, 0, "precision", 0))));
  const method = textArgument(call, 1, "method", "common");
  const number = numeric(value);
  if (!Number.isFinite(number)) {
    return number;
  }
  if (method === "common") {
    const rounded = roundedNumber(number, precision);
    return Number.isInteger(number) ? rounded : new PythonFloat(rounded);
  }
  if (method !== "ceil" && method !== "floor") {
    throw templateFailed(`round knows the methods common, ceil and floor; "${method}" is none of them.`);
  }
  const factor = 10 ** precision;
  const result = (method === "ceil" ? Math.ceil : Math.floor)(number * factor) / factor;
  return new PythonFloat(Number.isFinite(result) ? result : number);
}

function numeric(value: Plain): number {
  if (!isNumeric(value)) {
    throw templateFailed(`${kindOf(value)} is not a number.`);
  }
  return Number(value);
}
