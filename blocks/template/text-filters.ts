import { isNumeric, isTruthy, kindOf } from "./compare-values.ts";
import { escapeHtml, pythonText } from "./python-text.ts";
import { type Plain, type PlainResult, PythonFloat } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import {
  argument,
  type CallArguments,
  capitalize,
  center,
  numberArgument,
  replaceText,
  textArgument,
  textMethod,
  titleCase,
  widthArgument,
} from "./text-methods.ts";

export type TemplateFilter = (value: Plain, call: CallArguments) => PlainResult;

/** Jinja's filters for texts and numbers. */
export const TEXT_FILTERS: ReadonlyMap<string, TemplateFilter> = new Map<string, TemplateFilter>([
  ["upper", (value) => pythonText(value).toUpperCase()],
  ["lower", (value) => pythonText(value).toLowerCase()],
  ["title", (value) => titleCase(pythonText(value))],
  ["capitalize", (value) => capitalize(pythonText(value))],
  ["trim", (value, call) => textMethod("strip")?.(pythonText(value), call)],
  ["string", pythonText],
  ["safe", pythonText],
  ["escape", (value) => escapeHtml(pythonText(value))],
  ["e", (value) => escapeHtml(pythonText(value))],
  ["replace", replace],
  ["indent", indent],
  ["center", (value, call) => center(pythonText(value), widthArgument(call, 0, "width", 80))],
  ["truncate", truncate],
  [
    "striptags",
    (value) =>
      pythonText(value)
        .replace(/<[^<>]*>/g, "")
        .split(/\s+/)
        .filter(Boolean)
        .join(" "),
  ],
  ["urlencode", urlEncode],
  ["wordcount", (value) => pythonText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
  ["tojson", toJson],
  ["default", withDefault],
  ["d", withDefault],
  ["int", (value, call) => toNumber(value, argument(call, 0, "default") ?? 0, Math.trunc)],
  ["float", toFloat],
  ["abs", (value) => Math.abs(numeric(value))],
  ["round", round],
]);

function replace(value: Plain, call: CallArguments): string {
  return replaceText(pythonText(value), call);
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
  if (value instanceof Map) {
    return [...value].map(([key, item]) => `${encode(key)}=${encode(pythonText(item))}`).join("&");
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

function toFloat(value: Plain, call: CallArguments): PlainResult {
  const number = toNumber(value, argument(call, 0, "default") ?? 0, (float) => float);
  return typeof number === "number" ? new PythonFloat(number) : number;
}

function round(value: Plain, call: CallArguments): PythonFloat {
  const factor = 10 ** Math.max(-300, Math.min(300, numberArgument(call, 0, "precision", 0)));
  const method = textArgument(call, 1, "method", "common");
  const shape = method === "ceil" ? Math.ceil : method === "floor" ? Math.floor : halfToEven;
  const result = shape(numeric(value) * factor) / factor;
  return new PythonFloat(Number.isFinite(result) ? result : numeric(value));
}

/** Python rounds a half to the even neighbour. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}

function numeric(value: Plain): number {
  if (!isNumeric(value)) {
    throw templateFailed(`${kindOf(value)} is not a number.`);
  }
  return Number(value);
}
