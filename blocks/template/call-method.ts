import { equalValues, kindOf } from "./compare-values.ts";
import { entriesOf } from "./list-filters.ts";
import {
  fromPlain,
  isList,
  isText,
  type Plain,
  type PlainResult,
  type RuntimeValue,
  toPlain,
} from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import { argument, type CallArguments, textMethod } from "./text-methods.ts";

type Method<T> = (target: T, call: CallArguments) => PlainResult;

const LIST_METHODS: ReadonlyMap<string, Method<Plain[]>> = new Map<string, Method<Plain[]>>([
  ["count", (list, call) => list.filter((item) => equalValues(item, call.args[0])).length],
  ["index", (list, call) => indexOf(list, call.args[0])],
  ["copy", (list) => list],
]);

const DICTIONARY_METHODS: ReadonlyMap<string, Method<Map<string, Plain>>> = new Map<string, Method<Map<string, Plain>>>(
  [
    ["get", (map, call) => map.get(String(call.args[0])) ?? argument(call, 1, "default") ?? null],
    ["items", (map) => entriesOf(map)],
    ["keys", (map) => [...map.keys()]],
    ["values", (map) => [...map.values()]],
    ["copy", (map) => map],
  ],
);

/**
 * `target.name(…)` with the methods that Python's texts, lists and dictionaries have. Of those that change a list, `append` and
 * `extend` are there, because agents collect with them.
 * @throws BlockError `template_failed`
 */
export function runMethod(target: RuntimeValue, name: string, call: CallArguments): RuntimeValue {
  if (isList(target) && (name === "append" || name === "extend")) {
    const added = name === "append" ? call.args.slice(0, 1) : (call.args[0] ?? []);
    for (const item of Array.isArray(added) ? added : []) {
      target.value.push(fromPlain(item));
    }
    return fromPlain(null);
  }
  if (isText(target)) {
    call.budget.spend(target.value.length);
    const method = textMethod(name);
    return method ? fromPlain(method(target.value, call)) : noMethod("a text", name);
  }
  const value = toPlain(target, call.budget);
  const method =
    value instanceof Map ? DICTIONARY_METHODS.get(name) : Array.isArray(value) ? LIST_METHODS.get(name) : undefined;
  return method ? fromPlain(method(value as never, call)) : noMethod(kindOf(value), name);
}

function indexOf(list: Plain[], item: Plain): number {
  const at = list.findIndex((element) => equalValues(element, item));
  if (at === -1) {
    throw templateFailed("index found no such element in the list.");
  }
  return at;
}

function noMethod(kind: string, name: string): RuntimeValue {
  throw templateFailed(`${kind} has no method "${name}".`);
}
