import { GraphError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { isJsonObject } from "../json-value.ts";
import { getOwn, setOwn } from "../own-property.ts";

/**
 * Dynamic pins (autogpt.md §4.2, §4.4): a pin name followed by one or more selectors. `values_#_name` is the key `name`
 * of `values`, `items_$_0` the first element of `items`, `obj_@_attr` an attribute (of a JSON object: a key). Selectors
 * nest: `a_#_b_$_0`.
 */

type Selector = { kind: "key"; key: string } | { kind: "index"; index: number };

const DELIMITERS = ["_$_", "_#_", "_@_"] as const;
const DELIMITER_LENGTH = 3;
const TOOL_PREFIX = "tools_^_";
const TOOL_SEPARATOR = "_~_";
const TOOL_PIN = "tools";

/** Largest index that a list selector may name, and so the longest list that padding can make. */
export const MAX_LIST_INDEX = 9_999;
/** Most nulls that padding may add in one merge, over all its lists. */
export const MAX_PADDING = 100_000;

/** The pin as the block declares it: without selectors; `tools` for a tool pin. */
export function basePinName(name: string): string {
  if (isToolPin(name)) {
    return TOOL_PIN;
  }
  const start = nextDelimiter(name, 0);
  return start < 0 ? name : name.slice(0, start);
}

/** `tools` itself, or `tools_^_{sink node}_~_{sink pin}` (autogpt.md §4.2). */
export function isToolPin(name: string): boolean {
  return name === TOOL_PIN || name.startsWith(TOOL_PREFIX);
}

export interface ToolPin {
  /** Id of the node that is the tool (very old files: a name). */
  node_id: string;
  /** Sink pin: a parameter of the tool. */
  pin: string;
}

/** The parts of `tools_^_{node}_~_{pin}`, or undefined when the name is not of that form. */
export function parseToolPin(name: string): ToolPin | undefined {
  if (!name.startsWith(TOOL_PREFIX)) {
    return undefined;
  }
  const rest = name.slice(TOOL_PREFIX.length);
  const separator = rest.indexOf(TOOL_SEPARATOR);
  if (separator <= 0 || separator + TOOL_SEPARATOR.length >= rest.length) {
    return undefined;
  }
  return { node_id: rest.slice(0, separator), pin: rest.slice(separator + TOOL_SEPARATOR.length) };
}

export type Selection = { matched: true; value: JsonValue } | { matched: false };

const NOT_MATCHED: Selection = { matched: false };

/**
 * What a link with `sourceName` carries when the block yields `value` on `pin` (autogpt.md §4.2). The exact name takes
 * the whole value, null included; a selector takes the part it names and does not match when there is no such part. A
 * tool pin (`tools_^_{node}_~_{pin}`) matches the links from `tools` that lead to that `sink`.
 */
export function selectOutput(pin: string, value: JsonValue, sourceName: string, sink?: ToolPin): Selection {
  if (sourceName === pin) {
    return { matched: true, value };
  }
  const tool = parseToolPin(pin);
  if (tool !== undefined) {
    const matched =
      sink !== undefined && isToolPin(sourceName) && tool.node_id === sink.node_id && tool.pin === sink.pin;
    return matched ? { matched, value } : NOT_MATCHED;
  }
  if (!sourceName.startsWith(pin)) {
    return NOT_MATCHED;
  }
  const selectors = parseSelectors(sourceName.slice(pin.length));
  if (selectors === undefined) {
    return NOT_MATCHED;
  }
  let selected: JsonValue = value;
  for (const selector of selectors) {
    const part = selectPart(selected, selector);
    if (part === undefined) {
      return NOT_MATCHED;
    }
    selected = part;
  }
  return { matched: true, value: selected };
}

function selectPart(value: JsonValue, selector: Selector): JsonValue | undefined {
  if (selector.kind === "index") {
    return Array.isArray(value) ? value[selector.index] : undefined;
  }
  return isJsonObject(value) ? getOwn(value, selector.key) : undefined;
}

/**
 * Expands the dynamic keys of a node's data into the pins they belong to; the flat keys stay beside them (autogpt.md
 * §4.4). Lists are padded with null. A key that is no well-formed dynamic name stays a plain key. The given data is not
 * changed. Throws GraphError `dynamic_pin_conflict` where a selector does not fit the value that is there already (an
 * index into an object), `dynamic_pin_too_large` above {@link MAX_LIST_INDEX} or {@link MAX_PADDING}; `details[0].path`
 * is the base pin.
 */
export function mergeDynamicInput(data: JsonObject): JsonObject {
  let merge: Merge | undefined;
  for (const name of Object.keys(data)) {
    const start = nextDelimiter(name, 0);
    if (start <= 0 || name.startsWith(TOOL_PREFIX)) {
      continue;
    }
    const selectors = parseSelectors(name.slice(start));
    const value = data[name];
    if (selectors === undefined || value === undefined) {
      continue;
    }
    // Spread copies `__proto__` as an own property too.
    merge ??= { result: { ...data }, base: "", fresh: new Set(), padding: 0 };
    merge.base = name.slice(0, start);
    assign(merge, { name, selectors, value });
  }
  return merge?.result ?? data;
}

interface Merge {
  result: JsonObject;
  /** Base of the pin at hand, for errors. */
  base: string;
  /** Containers made here, which may be written to; all others are shared with the caller. */
  fresh: Set<JsonValue>;
  padding: number;
}

interface Assignment {
  name: string;
  selectors: Selector[];
  value: JsonValue;
}

function assign(merge: Merge, { name, selectors, value }: Assignment): void {
  let holder: JsonValue[] | JsonObject = merge.result;
  let slot: Selector = { kind: "key", key: merge.base };
  for (const selector of selectors) {
    const container = writableContainer(merge, name, { current: readSlot(holder, slot), selector });
    writeSlot(merge, holder, slot, container);
    holder = container;
    slot = selector;
  }
  writeSlot(merge, holder, slot, value);
}

function writableContainer(
  merge: Merge,
  name: string,
  { current, selector }: { current: JsonValue | undefined; selector: Selector },
): JsonValue[] | JsonObject {
  const wanted = selector.kind === "index" ? "list" : "object";
  let container: JsonValue[] | JsonObject;
  if (current === undefined || current === null) {
    container = wanted === "list" ? [] : {};
  } else if (wanted === "list" ? !Array.isArray(current) : !isJsonObject(current)) {
    throw refusal(
      merge,
      "dynamic_pin_conflict",
      `The pin "${name}" needs ${wanted === "list" ? "a list" : "an object"} to write into, but another value is there. ` +
        "Feed either the whole pin or its parts.",
    );
  } else if (merge.fresh.has(current)) {
    return current as JsonValue[] | JsonObject;
  } else {
    container = Array.isArray(current) ? [...current] : { ...(current as JsonObject) };
  }
  merge.fresh.add(container);
  return container;
}

function refusal(merge: Merge, code: "dynamic_pin_conflict" | "dynamic_pin_too_large", message: string): GraphError {
  return new GraphError(code, message, [{ path: merge.base, message }]);
}

function readSlot(holder: JsonValue[] | JsonObject, slot: Selector): JsonValue | undefined {
  if (slot.kind === "index") {
    return Array.isArray(holder) ? holder[slot.index] : undefined;
  }
  return Array.isArray(holder) ? undefined : getOwn(holder, slot.key);
}

function writeSlot(merge: Merge, holder: JsonValue[] | JsonObject, slot: Selector, value: JsonValue): void {
  if (slot.kind === "key") {
    if (!Array.isArray(holder)) {
      setOwn(holder, slot.key, value);
    }
    return;
  }
  if (!Array.isArray(holder)) {
    return;
  }
  merge.padding += Math.max(0, slot.index - holder.length);
  if (slot.index > MAX_LIST_INDEX || merge.padding > MAX_PADDING) {
    throw refusal(
      merge,
      "dynamic_pin_too_large",
      `A list pin names the index ${slot.index}; the largest is ${MAX_LIST_INDEX}, and gaps may add up to ${MAX_PADDING} nulls.`,
    );
  }
  while (holder.length < slot.index) {
    holder.push(null);
  }
  holder[slot.index] = value;
}

/** Selectors of what follows a pin name, `_#_key_$_0`; undefined when malformed or empty. */
function parseSelectors(path: string): Selector[] | undefined {
  const selectors: Selector[] = [];
  let at = 0;
  while (at < path.length) {
    const delimiter = path.slice(at, at + DELIMITER_LENGTH);
    if (!DELIMITERS.some((known) => known === delimiter)) {
      return undefined;
    }
    const from = at + DELIMITER_LENGTH;
    const next = nextDelimiter(path, from);
    const end = next < 0 ? path.length : next;
    const identifier = path.slice(from, end);
    if (identifier === "" || (delimiter === "_$_" && !/^\d{1,9}$/.test(identifier))) {
      return undefined;
    }
    selectors.push(
      delimiter === "_$_" ? { kind: "index", index: Number(identifier) } : { kind: "key", key: identifier },
    );
    at = end;
  }
  return selectors.length > 0 ? selectors : undefined;
}

function nextDelimiter(text: string, from: number): number {
  let first = -1;
  for (const delimiter of DELIMITERS) {
    const at = text.indexOf(delimiter, from);
    if (at >= 0 && (first < 0 || at < first)) {
      first = at;
    }
  }
  return first;
}
