import { elementsOf, equalValues, kindOf } from "./compare-values.ts";
import { entriesOf } from "./list-filters.ts";
import {
  fromPlain,
  isList,
  isText,
  isTuple,
  type Plain,
  type PlainResult,
  type RuntimeValue,
  toPlain,
} from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import { argument, type CallArguments, numberArgument } from "./call-arguments.ts";
import { textMethod } from "./text-methods.ts";

type Method<T> = (target: T, call: CallArguments) => PlainResult;

const LIST_METHODS: ReadonlyMap<string, Method<Plain[]>> = new Map<string, Method<Plain[]>>([
  ["count", (list, call) => list.filter((item) => equalValues(item, call.args[0])).length],
  ["index", (list, call) => indexOf(list, call.args[0])],
  ["copy", (list) => list],
]);

const DICTIONARY_METHODS: ReadonlyMap<string, Method<Map<string, Plain>>> = new Map<string, Method<Map<string, Plain>>>(
  [
    [
      "get",
      (map, call) => {
        const key = String(call.args[0]);
        return map.has(key) ? map.get(key) : (argument(call, 1, "default") ?? null);
      },
    ],
    ["items", (map) => entriesOf(map)],
    ["keys", (map) => [...map.keys()]],
    ["values", (map) => [...map.values()]],
    ["copy", (map) => map],
  ],
);

/**
 * `target.name(…)` with the methods that Python's texts, lists and dictionaries have. Of those that change their target,
 * `append`, `extend`, `insert`, `pop`, `update` and `setdefault` are there, because agents collect with them.
 * @throws BlockError `template_failed`
 */
export function runMethod(target: RuntimeValue, name: string, call: CallArguments): RuntimeValue {
  const changed = changeList(target, name, call) ?? changeDictionary(target, name, call);
  if (changed) {
    return changed;
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

function changeList(target: RuntimeValue, name: string, call: CallArguments): RuntimeValue | undefined {
  if (!isList(target) || isTuple(target)) {
    return undefined;
  }
  const list = target.value;
  switch (name) {
    case "append":
      list.push(fromPlain(call.args[0]));
      return fromPlain(null);
    case "extend":
      for (const item of elementsOf(call.args[0])) {
        list.push(fromPlain(item));
      }
      return fromPlain(null);
    case "insert":
      call.budget.spend(list.length);
      list.splice(numberArgument(call, 0, "index"), 0, fromPlain(call.args[1]));
      return fromPlain(null);
    case "pop": {
      call.budget.spend(list.length);
      const [item] = list.splice(numberArgument(call, 0, "index", -1), 1);
      return item ?? missing("pop finds no such element in the list.");
    }
    default:
      return undefined;
  }
}

function changeDictionary(target: RuntimeValue, name: string, call: CallArguments): RuntimeValue | undefined {
  if (target.type !== "ObjectValue" || !(target.value instanceof Map)) {
    return undefined;
  }
  const map = target.value as Map<string, RuntimeValue>;
  const key = String(call.args[0]);
  switch (name) {
    case "update":
      for (const [member, item] of [...(call.args[0] instanceof Map ? call.args[0] : []), ...call.kwargs]) {
        map.set(member, fromPlain(item));
      }
      return fromPlain(null);
    case "setdefault": {
      const item = map.get(key) ?? fromPlain(argument(call, 1, "default") ?? null);
      map.set(key, item);
      return item;
    }
    case "pop": {
      const item = map.get(key) ?? (call.args.length > 1 ? fromPlain(call.args[1]) : undefined);
      map.delete(key);
      return item ?? missing(`pop finds no "${key}" in the dictionary.`);
    }
    default:
      return undefined;
  }
}

function missing(message: string): never {
  throw templateFailed(message);
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
