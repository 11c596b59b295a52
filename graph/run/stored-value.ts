import { isJsonObject } from "../json-value.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { getOwn, recordOf } from "../own-property.ts";

/** What a run shows in place of a value that is too large to be shown: `{"$value": …}`. */
export interface ShownValue {
  /** Of the value's JSON text, in hex. */
  sha256: string;
  /** Bytes of JSON text. */
  size: number;
  type: string;
  /** The beginning of the JSON text. */
  preview: string;
  /** The path that gives the value itself. */
  url: string;
}

const HASH = /^[0-9a-f]{64}$/;
const ADDRESS = /^\/api\/v1\/executions\/[0-9a-f-]{36}\/values\/[0-9a-f]{64}$/;

/**
 * What is shown in place of a large value; undefined for any other value. A value of an agent's own may be made to look like one: there is nothing at its
 * address then, and no address but one of this kind is taken.
 */
export function shownValueOf(value: JsonValue): ShownValue | undefined {
  const shown = isJsonObject(value) ? getOwn(value, "$value") : undefined;
  if (shown === undefined || !isJsonObject(shown) || Object.keys(value as JsonObject).length !== 1) {
    return undefined;
  }
  const { sha256, size, type, preview, url } = shown;
  return typeof sha256 === "string" &&
    HASH.test(sha256) &&
    typeof size === "number" &&
    typeof type === "string" &&
    typeof preview === "string" &&
    typeof url === "string" &&
    ADDRESS.test(url) &&
    url.endsWith(sha256)
    ? { sha256, size, type, preview, url }
    : undefined;
}

/** Whether something is shown in place of a large value anywhere in a value. */
export function showsStored(root: JsonValue): boolean {
  const open: JsonValue[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (shownValueOf(value) !== undefined) {
      return true;
    }
    if (typeof value === "object" && value !== null) {
      for (const item of Array.isArray(value) ? value : Object.values(value)) {
        if (typeof item === "object" && item !== null) {
          open.push(item);
        }
      }
    }
  }
  return false;
}

/** The value with `read` asked for what stands in place of a large one, one after the other; undefined leaves it as it is shown. */
export async function withStored(
  value: JsonValue,
  read: (shown: ShownValue) => Promise<JsonValue | undefined>,
): Promise<JsonValue> {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    const items: JsonValue[] = [];
    for (const item of value) {
      items.push(await withStored(item, read));
    }
    return items;
  }
  const shown = shownValueOf(value);
  if (shown !== undefined) {
    return (await read(shown)) ?? value;
  }
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(value)) {
    entries.push([key, await withStored(item, read)]);
  }
  return recordOf(entries);
}
