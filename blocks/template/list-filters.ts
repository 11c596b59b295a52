import { elementsOf, equalValues, isNumeric, isTruthy, kindOf, orderValues } from "./compare-values.ts";
import { memberAt } from "./member-path.ts";
import { pythonRepr, pythonText } from "./python-text.ts";
import { type Plain, type PlainResult, type Tuple, tupleOf } from "./runtime-values.ts";
import { templateFailed, templateTooCostly } from "./template-error.ts";
import { matches } from "./template-tests.ts";
import { TEXT_FILTERS, type TemplateFilter } from "./text-filters.ts";
import {
  argument,
  type CallArguments,
  MAX_WIDTH,
  numberArgument,
  textArgument,
  widthArgument,
} from "./call-arguments.ts";

/** Jinja's filters for lists and dictionaries. */
const LIST_FILTERS: ReadonlyMap<string, TemplateFilter> = new Map<string, TemplateFilter>([
  ["list", (value) => [...elementsOf(value)]],
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
  ["slice", slice],
  ["random", refuseRandom],
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

export function entriesOf(value: Plain): Tuple[] {
  if (value === undefined) {
    return [];
  }
  if (!(value instanceof Map)) {
    throw templateFailed(`${kindOf(value)} is not a dictionary.`);
  }
  return [...value].map(([key, item]) => tupleOf([key, item]));
}

function lengthOf(value: Plain): number {
  return value instanceof Map ? value.size : elementsOf(value).length;
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
  const attribute = argument(call, 2, "attribute");
  const paths = typeof attribute === "string" ? attribute.split(",") : [attribute];
  return sortedBy(elementsOf(value), call, {
    keyOf: (item) => paths.map((path) => foldCase(memberAt(item, path), caseSensitive)),
    descending: isTruthy(argument(call, 0, "reverse")),
  });
}

function unique(value: Plain, call: CallArguments): Plain[] {
  const caseSensitive = isTruthy(argument(call, 0, "case_sensitive"));
  const path = argument(call, 1, "attribute");
  const seen = new Set<string>();
  return elementsOf(value).filter((item) => {
    const key = pythonRepr(foldCase(memberAt(item, path), caseSensitive));
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function join(value: Plain, call: CallArguments): string {
  const path = argument(call, 1, "attribute");
  const separator = pythonText(argument(call, 0, "d") ?? "");
  const texts = elementsOf(value).map((item) => pythonText(memberAt(item, path)));
  call.budget.spend(separator.length * texts.length + texts.reduce((total, text) => total + text.length, 0));
  return texts.join(separator);
}

function sum(value: Plain, call: CallArguments): Plain {
  const path = argument(call, 0, "attribute");
  const start = argument(call, 1, "start");
  if (Array.isArray(start)) {
    return [...start, ...elementsOf(value).flatMap((item) => elementsOf(memberAt(item, path)))];
  }
  return elementsOf(value).reduce<number>(
    (total, item) => {
      const number = memberAt(item, path);
      if (!isNumeric(number)) {
        throw templateFailed(`sum needs numbers, and met ${kindOf(number)}.`);
      }
      return total + Number(number);
    },
    numberArgument(call, 1, "start", 0),
  );
}

function extreme(value: Plain, call: CallArguments, sign: 1 | -1): Plain {
  const caseSensitive = isTruthy(argument(call, 0, "case_sensitive"));
  const path = argument(call, 1, "attribute");
  const keyOf = (item: Plain): Plain => foldCase(memberAt(item, path), caseSensitive);
  const [first, ...others] = elementsOf(value);
  return others.reduce((best, item) => (orderValues(keyOf(item), keyOf(best)) * sign > 0 ? item : best), first);
}

function mapElements(value: Plain, call: CallArguments): PlainResult[] {
  const path = call.kwargs.get("attribute");
  if (path !== undefined) {
    const fallback = call.kwargs.get("default");
    return elementsOf(value).map((item) => {
      const member = memberAt(item, path);
      return member === undefined ? fallback : member;
    });
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
    (item) => matches(memberAt(item, path), call.args[1], call.args[2], call.budget) === keep,
  );
}

/**
 * Groups are pairs of name and members that also read as `group.grouper` and `group.list`. Case does not count unless it is
 * asked for; a group is named as its first member is.
 */
function groupBy(value: Plain, call: CallArguments): Plain[] {
  const path = argument(call, 0, "attribute");
  const fallback = argument(call, 1, "default");
  const caseSensitive = isTruthy(argument(call, 2, "case_sensitive"));
  const nameOf = (item: Plain): Plain => {
    const name = memberAt(item, path);
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
  return groups.map(({ members }) => tupleOf([nameOf(members[0]), members], ["grouper", "list"]));
}

function batch(value: Plain, call: CallArguments): Plain[] {
  const size = Math.max(1, Math.trunc(numberArgument(call, 0, "linecount")));
  const fill = argument(call, 1, "fill_with");
  const items = elementsOf(value);
  const rows = Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
  const last = rows.at(-1);
  if (last && fill !== undefined && fill !== null) {
    const missing = size - last.length;
    if (missing > MAX_WIDTH) {
      throw templateTooCostly(`batch may fill up at most ${MAX_WIDTH} elements.`);
    }
    call.budget.spend(missing);
    last.push(...Array.from({ length: missing }, () => fill));
  }
  return rows;
}

/** Jinja's `slice`: so many columns of nearly the same length. */
function slice(value: Plain, call: CallArguments): Plain[] {
  const columns = widthArgument(call, 0, "slices");
  if (columns === 0) {
    throw templateFailed("slice needs at least 1 column.");
  }
  const fill = argument(call, 1, "fill_with");
  const items = elementsOf(value);
  call.budget.spend(columns + items.length);
  const least = Math.floor(items.length / columns);
  const longer = items.length % columns;
  return Array.from({ length: columns }, (_, index) => {
    const from = index * least + Math.min(index, longer);
    const column = items.slice(from, from + least + (index < longer ? 1 : 0));
    const isShort = fill !== undefined && fill !== null && index >= longer;
    return isShort ? [...column, fill] : column;
  });
}

function refuseRandom(): never {
  throw templateFailed('there is no filter "random": a template gives the same text for the same values.');
}

function dictSort(value: Plain, call: CallArguments): Plain[] {
  const caseSensitive = isTruthy(argument(call, 0, "case_sensitive"));
  const at = argument(call, 1, "by") === "value" ? 1 : 0;
  return sortedBy(entriesOf(value), call, {
    keyOf: (entry) => foldCase(Array.isArray(entry) ? entry[at] : undefined, caseSensitive),
    descending: isTruthy(argument(call, 2, "reverse")),
  });
}
