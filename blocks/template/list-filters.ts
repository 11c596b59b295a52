import { elementsOf, equalValues, isNumeric, isTruthy, kindOf, orderValues } from "./compare-values.ts";
import { pythonRepr, pythonText } from "./python-text.ts";
import type { Plain, PlainResult } from "./runtime-values.ts";
import { templateFailed } from "./template-error.ts";
import { matches } from "./template-tests.ts";
import { TEXT_FILTERS, type TemplateFilter } from "./text-filters.ts";
import { argument, type CallArguments, numberArgument, textArgument } from "./text-methods.ts";

/** Jinja's filters for lists and dictionaries. */
const LIST_FILTERS: ReadonlyMap<string, TemplateFilter> = new Map<string, TemplateFilter>([
  ["list", (value) => elementsOf(value)],
  ["first", (value) => elementsOf(value)[0]],
  ["last", (value) => elementsOf(value).at(-1)],
  ["length", lengthOf],
  ["count", lengthOf],
  [
    "reverse",
    (value) => (typeof value === "string" ? Array.from(value).reverse().join("") : elementsOf(value).toReversed()),
  ],
  ["sort", sort],
  ["unique", unique],
  ["join", join],
  ["sum", sum],
  ["min", (value, call) => extreme(value, call, -1)],
  ["max", (value, call) => extreme(value, call, 1)],
  ["map", mapElements],
  ["select", (value, call) => selectElements(value, call, true)],
  ["reject", (value, call) => selectElements(value, call, false)],
  ["selectattr", (value, call) => selectByMember(value, call, true)],
  ["rejectattr", (value, call) => selectByMember(value, call, false)],
  ["groupby", groupBy],
  ["batch", batch],
  ["items", (value) => entriesOf(value)],
  ["dictsort", dictSort],
]);

/**
 * Runs one of Jinja's built-in filters.
 * @throws BlockError `template_failed` when there is no such filter or it does not fit the value
 */
export function runFilter(name: string, value: Plain, call: CallArguments): PlainResult {
  const filter = TEXT_FILTERS.get(name) ?? LIST_FILTERS.get(name);
  if (!filter) {
    throw templateFailed(`there is no filter named "${name}".`);
  }
  return filter(value, call);
}

export function entriesOf(value: Plain): Plain[][] {
  if (value === undefined) {
    return [];
  }
  if (!(value instanceof Map)) {
    throw templateFailed(`${kindOf(value)} is not a dictionary.`);
  }
  return [...value].map(([key, item]) => [key, item]);
}

function lengthOf(value: Plain): number {
  return value instanceof Map ? value.size : elementsOf(value).length;
}

/** The member at a dotted path (`author.name`, `items.0`). */
function memberOf(value: Plain, path: Plain): Plain {
  if (path === undefined || path === null) {
    return value;
  }
  let found = value;
  for (const part of String(path).split(".")) {
    found = found instanceof Map ? found.get(part) : Array.isArray(found) ? found[Number(part)] : undefined;
  }
  return found;
}

/** Equal elements keep their order, in a descending sort too, as in Python. */
function sortedBy(
  items: readonly Plain[],
  call: CallArguments,
  { keyOf, descending = false }: { keyOf: (item: Plain) => Plain; descending?: boolean },
): Plain[] {
  call.budget.spend(items.length * 20);
  const sign = descending ? -1 : 1;
  return items.toSorted((a, b) => sign * orderValues(keyOf(a), keyOf(b)));
}

const foldCase = (value: Plain, caseSensitive: boolean): Plain =>
  typeof value === "string" && !caseSensitive ? value.toLowerCase() : value;

function sort(value: Plain, call: CallArguments): Plain[] {
  const caseSensitive = isTruthy(argument(call, 1, "case_sensitive"));
  const path = argument(call, 2, "attribute");
  return sortedBy(elementsOf(value), call, {
    keyOf: (item) => foldCase(memberOf(item, path), caseSensitive),
    descending: isTruthy(argument(call, 0, "reverse")),
  });
}

function unique(value: Plain, call: CallArguments): Plain[] {
  const caseSensitive = isTruthy(argument(call, 0, "case_sensitive"));
  const path = argument(call, 1, "attribute");
  const seen = new Set<string>();
  return elementsOf(value).filter((item) => {
    const key = pythonRepr(foldCase(memberOf(item, path), caseSensitive));
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function join(value: Plain, call: CallArguments): string {
  const path = argument(call, 1, "attribute");
  const separator = pythonText(argument(call, 0, "d") ?? "");
  const texts = elementsOf(value).map((item) => pythonText(memberOf(item, path)));
  call.budget.spend(separator.length * texts.length + texts.reduce((total, text) => total + text.length, 0));
  return texts.join(separator);
}

function sum(value: Plain, call: CallArguments): number {
  const path = argument(call, 0, "attribute");
  return elementsOf(value).reduce<number>(
    (total, item) => {
      const number = memberOf(item, path);
      if (!isNumeric(number)) {
        throw templateFailed(`sum needs numbers, and met ${kindOf(number)}.`);
      }
      return total + Number(number);
    },
    numberArgument(call, 1, "start", 0),
  );
}

function extreme(value: Plain, call: CallArguments, sign: 1 | -1): Plain {
  const path = argument(call, 1, "attribute");
  const [first, ...others] = elementsOf(value);
  return others.reduce(
    (best, item) => (orderValues(memberOf(item, path), memberOf(best, path)) * sign > 0 ? item : best),
    first,
  );
}

function mapElements(value: Plain, call: CallArguments): PlainResult[] {
  const path = call.kwargs.get("attribute");
  if (path !== undefined) {
    return elementsOf(value).map((item) => memberOf(item, path) ?? call.kwargs.get("default"));
  }
  const filter = textArgument(call, 0, "filter");
  const inner = { ...call, args: call.args.slice(1) };
  return elementsOf(value).map((item) => runFilter(filter, item, inner));
}

function selectElements(value: Plain, call: CallArguments, keep: boolean): Plain[] {
  return elementsOf(value).filter((item) => matches(item, call.args[0], call.args[1], call.budget) === keep);
}

function selectByMember(value: Plain, call: CallArguments, keep: boolean): Plain[] {
  const path = textArgument(call, 0, "attribute");
  return elementsOf(value).filter(
    (item) => matches(memberOf(item, path), call.args[1], call.args[2], call.budget) === keep,
  );
}

/** Case does not count unless it is asked for; a group is named as its first member is. */
function groupBy(value: Plain, call: CallArguments): Plain[] {
  const path = textArgument(call, 0, "attribute");
  const fallback = argument(call, 1, "default");
  const caseSensitive = isTruthy(argument(call, 2, "case_sensitive"));
  const nameOf = (item: Plain): Plain => {
    const name = memberOf(item, path);
    return name === undefined ? fallback : name;
  };
  const keyOf = (item: Plain): Plain => foldCase(nameOf(item), caseSensitive);
  const groups: { key: Plain; members: Plain[] }[] = [];
  for (const item of sortedBy(elementsOf(value), call, { keyOf })) {
    const key = keyOf(item);
    const last = groups.at(-1);
    if (last && equalValues(last.key, key)) {
      last.members.push(item);
    } else {
      groups.push({ key, members: [item] });
    }
  }
  return groups.map(({ members }) => [nameOf(members[0]), members]);
}

function batch(value: Plain, call: CallArguments): Plain[] {
  const size = Math.max(1, Math.trunc(numberArgument(call, 0, "linecount")));
  const items = elementsOf(value);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function dictSort(value: Plain, call: CallArguments): Plain[] {
  const caseSensitive = isTruthy(argument(call, 0, "case_sensitive"));
  const at = argument(call, 1, "by") === "value" ? 1 : 0;
  return sortedBy(entriesOf(value), call, {
    keyOf: (entry) => foldCase(Array.isArray(entry) ? entry[at] : undefined, caseSensitive),
    descending: isTruthy(argument(call, 2, "reverse")),
  });
}
