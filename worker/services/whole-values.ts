import type { JsonValue } from "#graph/json.ts";
import { showsStored, withStored } from "#graph/run/stored-value.ts";
import { valueStore } from "#worker/values/create-values.ts";
import { ValueMissing } from "#worker/values/value-store.ts";
import type { ValueOwner } from "#worker/values/value-store.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Bytes of large values that one answer may have put in. */
const MOST_BYTES = 24_000_000;

/**
 * What is shown of a run, with large values in place of what stands for them: for callers that know nothing of `$value`. In order, as long as they
 * take no more than `MOST_BYTES` together; others stay as they are shown.
 */
export async function withWholeValues<T>(deps: ServiceDeps, owner: ValueOwner, shown: T): Promise<T> {
  const value = shown as JsonValue;
  if (!showsStored(value)) {
    return shown;
  }
  const store = valueStore(deps.env);
  let left = MOST_BYTES;
  const whole = await withStored(value, async ({ sha256, size }) => {
    if (size > left) {
      return undefined;
    }
    try {
      const bytes = await store.get(owner, sha256);
      left -= bytes.byteLength;
      return JSON.parse(new TextDecoder().decode(bytes)) as JsonValue;
    } catch (error) {
      // A value of a block's own that only looks like it.
      if (error instanceof ValueMissing) {
        return undefined;
      }
      throw error;
    }
  });
  return whole as T;
}
