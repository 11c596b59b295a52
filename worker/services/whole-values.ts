import type { JsonValue } from "#graph/json.ts";
import { isJsonObject } from "#graph/json-value.ts";
import { getOwn, recordOf } from "#graph/own-property.ts";
import { valueStore } from "#worker/values/create-values.ts";
import { ValueMissing } from "#worker/values/value-store.ts";
import type { ValueOwner } from "#worker/values/value-store.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Bytes of large values that one answer may have put in. */
const MOST_BYTES = 24_000_000;

/**
 * What is shown of a run, with large values in place of what stands for them: for callers that know nothing of `$value`. In order, until they take
 * `MOST_BYTES`; those after that stay as they are shown.
 */
export async function withWholeValues<T>(deps: ServiceDeps, owner: ValueOwner, shown: T): Promise<T> {
  let left = MOST_BYTES;
  const store = valueStore(deps.env);
  const visit = async (value: JsonValue): Promise<JsonValue> => {
    if (typeof value !== "object" || value === null) {
      return value;
    }
    const stored = storedValueOf(value);
    if (stored !== undefined && stored.size <= left) {
      const whole = await read(store, owner, stored.sha256);
      left -= whole === undefined ? 0 : stored.size;
      return whole === undefined ? value : whole;
    }
    if (Array.isArray(value)) {
      const items: JsonValue[] = [];
      for (const item of value) {
        items.push(await visit(item));
      }
      return items;
    }
    const entries: [string, JsonValue][] = [];
    for (const [key, item] of Object.entries(value)) {
      entries.push([key, await visit(item)]);
    }
    return recordOf(entries);
  };
  return mentionsValues(shown as JsonValue) ? ((await visit(shown as JsonValue)) as T) : shown;
}

/** A value of a block's own that only looks like it has no text in the storage, and stays as it is. */
async function read(
  store: ReturnType<typeof valueStore>,
  owner: ValueOwner,
  sha256: string,
): Promise<JsonValue | undefined> {
  try {
    return JSON.parse(new TextDecoder().decode(await store.get(owner, sha256))) as JsonValue;
  } catch (error) {
    if (error instanceof ValueMissing) {
      return undefined;
    }
    throw error;
  }
}

function storedValueOf(value: JsonValue): { sha256: string; size: number } | undefined {
  const inner = isJsonObject(value) ? getOwn(value, "$value") : undefined;
  if (inner === undefined || !isJsonObject(inner)) {
    return undefined;
  }
  const { sha256, size } = inner;
  return typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) && typeof size === "number"
    ? { sha256, size }
    : undefined;
}

function mentionsValues(root: JsonValue): boolean {
  const open: JsonValue[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (storedValueOf(value) !== undefined) {
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
