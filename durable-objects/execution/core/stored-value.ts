import type { JsonObject, JsonValue } from "#graph/json.ts";

/**
 * A value that is too large for the log. Wherever values travel inside the engine it is a marker: an object with this one key. No value of a block or of
 * a caller has that key: one that would is stored too, whatever its size, and bodies with it are refused (rule BV4). Its text lies in R2 under the
 * run's own prefix (docs/decisions/0012-large-values.md); nothing in core/ and no object ever reads it.
 */
export const STORED_KEY = "\u0000value";

export interface StoredValue {
  /** Of the JSON text, lower-case hex. */
  sha256: string;
  /** Bytes of JSON text in UTF-8. */
  size: number;
  type: StoredType;
  /** The beginning of the JSON text, for people. */
  preview: string;
}

export type StoredType = "string" | "number" | "boolean" | "object" | "array" | "null";

/** The parts of a stored output that links select, by their source names; large ones are stored themselves. A name that is not here selects nothing. */
export type Parts = [sourceName: string, part: JsonValue][];

/** A value on an output pin; with `parts` when it is stored and links of its node select parts of it. */
export type Output = [pin: string, value: JsonValue, parts?: Parts];

export function markerOf(stored: StoredValue): JsonObject {
  return { [STORED_KEY]: { ...stored } };
}

/** What a marker says; undefined for any other value. */
export function storedIn(value: JsonValue | undefined): StoredValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, STORED_KEY)) {
    return undefined;
  }
  return Object.keys(value).length === 1 ? (value[STORED_KEY] as unknown as StoredValue) : undefined;
}

/** Something was written into a marker as if it were the value. */
export function hasTornMarker(value: JsonValue): boolean {
  return (
    hasStoredKey(value) &&
    someObject(value, (object) => Object.hasOwn(object, STORED_KEY) && Object.keys(object).length > 1)
  );
}

/** Containers with more members than this are remembered once they were found to hold no marker: a list may be the input of a node a thousand times. */
const WORTH_REMEMBERING = 16;

const clean = new WeakSet<object>();

/** Whether the key of markers is anywhere in a value. */
export function hasStoredKey(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null || clean.has(value)) {
    return false;
  }
  if (!Array.isArray(value) && Object.hasOwn(value, STORED_KEY)) {
    return true;
  }
  const members = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) {
    if (hasStoredKey(member)) {
      return true;
    }
  }
  if (members.length > WORTH_REMEMBERING) {
    clean.add(value);
  }
  return false;
}

function someObject(value: JsonValue, found: (object: JsonObject) => boolean): boolean {
  const open: JsonValue[] = [value];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    if (typeof item !== "object" || item === null) {
      continue;
    }
    if (Array.isArray(item)) {
      pushContainers(open, item);
    } else if (found(item)) {
      return true;
    } else {
      pushContainers(open, Object.values(item));
    }
  }
  return false;
}

function pushContainers(open: JsonValue[], items: readonly JsonValue[]): void {
  for (const item of items) {
    if (typeof item === "object" && item !== null) {
      open.push(item);
    }
  }
}

/** Every marker in a value. */
export function findStored(value: JsonValue, found: Map<string, StoredValue> = new Map()): Map<string, StoredValue> {
  if (!hasStoredKey(value)) {
    return found;
  }
  someObject(value, (object) => {
    const stored = storedIn(object);
    if (stored !== undefined) {
      found.set(stored.sha256, stored);
    }
    return false;
  });
  return found;
}

/** The value with every marker in it replaced. What holds none is given back as it is, not copied. */
export function replaceStored(value: JsonValue, replace: (stored: StoredValue) => JsonValue): JsonValue {
  if (!hasStoredKey(value)) {
    return value;
  }
  return replaceIn(value, replace);
}

function replaceIn(value: JsonValue, replace: (stored: StoredValue) => JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => replaceIn(item, replace));
  }
  const stored = storedIn(value);
  return stored !== undefined
    ? replace(stored)
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceIn(item, replace)]));
}
