import { formatBraces } from "./brace-format.ts";
import { argument, type CallArguments, numberArgument, textArgument, widthArgument } from "./call-arguments.ts";
import { type PlainResult, tupleOf } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";

type TextMethod = (text: string, call: CallArguments) => PlainResult;

const METHODS: ReadonlyMap<string, TextMethod> = new Map<string, TextMethod>([
  ["upper", (text) => text.toUpperCase()],
  ["lower", (text) => text.toLowerCase()],
  ["title", (text) => titleCase(text)],
  ["capitalize", (text) => capitalize(text)],
  ["strip", (text, call) => trimEnd(trimStart(text, call), call)],
  ["lstrip", trimStart],
  ["rstrip", trimEnd],
  ["startswith", (text, call) => affixes(call).some((affix) => text.startsWith(affix))],
  ["endswith", (text, call) => affixes(call).some((affix) => text.endsWith(affix))],
  ["removeprefix", (text, call) => cutPrefix(text, textArgument(call, 0, "prefix"))],
  ["removesuffix", (text, call) => cutSuffix(text, textArgument(call, 0, "suffix"))],
  ["split", splitText],
  [
    "splitlines",
    (text) =>
      text.replace(/\r\n?|\n$/g, (end, at: number) => (at + end.length === text.length ? "" : "\n")).split("\n"),
  ],
  ["join", (text, call) => joinTexts(text, call)],
  ["replace", replaceText],
  ["count", (text, call) => countOf(text, textArgument(call, 0, "sub"))],
  ["format", (text, call) => formatBraces(text, call)],
  ["swapcase", (text) => text.replace(/\p{L}/gu, swapCase)],
  ["casefold", (text) => text.toLowerCase()],
  ["partition", (text, call) => partition(text, text.indexOf(textArgument(call, 0, "sep")), call)],
  ["rpartition", (text, call) => partition(text, text.lastIndexOf(textArgument(call, 0, "sep")), call)],
  ["rsplit", splitFromEnd],
  ["rfind", (text, call) => text.lastIndexOf(textArgument(call, 0, "sub"))],
  ["index", indexIn],
  ["isnumeric", (text) => /^\p{N}+$/u.test(text)],
  ["find", (text, call) => text.indexOf(textArgument(call, 0, "sub"))],
  ["zfill", zeroFill],
  ["ljust", (text, call) => text.padEnd(widthArgument(call, 0, "width"), fillOf(call))],
  ["rjust", (text, call) => text.padStart(widthArgument(call, 0, "width"), fillOf(call))],
  ["center", (text, call) => center(text, widthArgument(call, 0, "width"), fillOf(call))],
  ["isdigit", (text) => /^\p{Nd}+$/u.test(text)],
  ["isalpha", (text) => /^\p{L}+$/u.test(text)],
  ["isalnum", (text) => /^[\p{L}\p{N}]+$/u.test(text)],
  ["isspace", (text) => /^\s+$/.test(text)],
  ["isupper", (text) => text !== text.toLowerCase() && text === text.toUpperCase()],
  ["islower", (text) => text !== text.toUpperCase() && text === text.toLowerCase()],
]);

/** The methods that Python texts have and templates may use. */
export function textMethod(name: string): TextMethod | undefined {
  return METHODS.get(name);
}

export function titleCase(text: string): string {
  return text.toLowerCase().replace(/\p{L}+/gu, capitalize);
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
}

export function center(text: string, width: number, fill = " "): string {
  const left = Math.floor(Math.max(0, width - text.length) / 2);
  return (fill.repeat(left) + text).padEnd(width, fill);
}

function fillOf(call: CallArguments): string {
  const fill = textArgument(call, 1, "fillchar", " ");
  if (fill.length !== 1) {
    throw templateFailed("the fill of a text must be exactly one character.");
  }
  return fill;
}

function zeroFill(text: string, call: CallArguments): string {
  const sign = /^[-+]/.exec(text)?.[0] ?? "";
  return sign + text.slice(sign.length).padStart(widthArgument(call, 0, "width") - sign.length, "0");
}

function swapCase(letter: string): string {
  return letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase();
}

function partition(text: string, at: number, call: CallArguments): PlainResult {
  const separator = textArgument(call, 0, "sep");
  if (separator === "") {
    throw templateFailed("partition needs a separator that is not empty.");
  }
  return tupleOf(at === -1 ? [text, "", ""] : [text.slice(0, at), separator, text.slice(at + separator.length)]);
}

function indexIn(text: string, call: CallArguments): number {
  const at = text.indexOf(textArgument(call, 0, "sub"));
  if (at === -1) {
    throw templateFailed("index found no such part in the text.");
  }
  return at;
}

function splitFromEnd(text: string, call: CallArguments): string[] {
  const parts = splitText(text, { ...call, args: call.args.slice(0, 1), kwargs: new Map() });
  const separator = argument(call, 0, "sep");
  const most = numberArgument(call, 1, "maxsplit", -1);
  if (most < 0 || parts.length <= most + 1) {
    return parts;
  }
  if (typeof separator !== "string") {
    throw templateFailed("rsplit with maxsplit needs a separator.");
  }
  const first = parts.slice(0, parts.length - most).join(separator);
  return [first, ...parts.slice(parts.length - most)];
}

function trimStart(text: string, call: CallArguments): string {
  const set = argument(call, 0, "chars");
  if (typeof set !== "string") {
    return text.trimStart();
  }
  let from = 0;
  while (from < text.length && set.includes(text.charAt(from))) {
    from += 1;
  }
  return text.slice(from);
}

function trimEnd(text: string, call: CallArguments): string {
  const set = argument(call, 0, "chars");
  if (typeof set !== "string") {
    return text.trimEnd();
  }
  let to = text.length;
  while (to > 0 && set.includes(text.charAt(to - 1))) {
    to -= 1;
  }
  return text.slice(0, to);
}

function affixes(call: CallArguments): string[] {
  const value = call.args[0];
  const list = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item !== "string") {
      throw templateFailed("startswith and endswith take a text or a list of texts.");
    }
    return item;
  });
}

function cutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function cutSuffix(text: string, suffix: string): string {
  return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

function splitText(text: string, call: CallArguments): string[] {
  const separator = argument(call, 0, "sep");
  const most = numberArgument(call, 1, "maxsplit", -1);
  call.budget.spend(text.length);
  if (separator === "") {
    throw templateFailed("split needs a separator that is not empty.");
  }
  const parts = typeof separator === "string" ? text.split(separator) : (text.match(/\S+/g) ?? []);
  if (most < 0 || parts.length <= most + 1) {
    return [...parts];
  }
  if (typeof separator === "string") {
    return [...parts.slice(0, most), parts.slice(most).join(separator)];
  }
  const words = /\S+/g;
  const kept = Array.from({ length: most }, () => words.exec(text)?.[0] ?? "");
  return [...kept, text.slice(most === 0 ? 0 : words.lastIndex).trimStart()];
}

function joinTexts(separator: string, call: CallArguments): string {
  const list = call.args[0];
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) {
    throw templateFailed("join takes a list of texts.");
  }
  call.budget.spend(separator.length * list.length + list.reduce((sum, item) => sum + item.length, 0));
  return list.join(separator);
}

/** `str.replace(old, new, count)`; the size of the result is counted before it is built. */
export function replaceText(text: string, call: CallArguments): string {
  const old = textArgument(call, 0, "old");
  const replacement = textArgument(call, 1, "new");
  const most = numberArgument(call, 2, "count", -1);
  const found = countOf(text, old);
  const count = most < 0 ? found : Math.min(found, most);
  call.budget.spend(text.length + count * replacement.length);
  let left = count;
  return text.replaceAll(old, (match) => (left-- > 0 ? replacement : match));
}

function countOf(text: string, part: string): number {
  if (part === "") {
    return text.length + 1;
  }
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) {
    count += 1;
  }
  return count;
}
