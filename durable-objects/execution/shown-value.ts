import type { JsonObject, JsonValue } from "#graph/json.ts";
import { replaceStored } from "./core/stored-value.ts";
import type { StoredValue } from "./core/stored-value.ts";

/** Stands for a large value wherever a run is shown. `url` gives the value itself, to whoever may see the run. */
export interface ShownStoredValue extends StoredValue {
  url: string;
}

/** A value as callers see it: with `{"$value": …}` where a large one is (rule BV10). */
export function shown(value: JsonValue, executionId: string): JsonValue {
  return replaceStored(value, (stored) => {
    const { sha256, size, type, preview } = stored;
    const url = `/api/v1/executions/${executionId}/values/${sha256}`;
    return { $value: { sha256, size, type, preview, url } satisfies ShownStoredValue };
  });
}

/** As `shown`, for values by name. */
export function shownRecord(values: JsonObject, executionId: string): JsonObject {
  return shown(values, executionId) as JsonObject;
}
