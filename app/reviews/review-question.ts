import { isJsonObject } from "#graph/json-value.ts";
import type { JsonValue } from "#graph/json.ts";
import { showsStored } from "#graph/run/stored-value.ts";

/** What a person is asked. */
export interface ReviewQuestion {
  /** Null when the block gave none. */
  name: string | null;
  data: JsonValue;
  editable: boolean;
}

/** Reads the payload of a review; a payload of an unknown shape is the data itself, and nobody can edit it. */
export function readQuestion(payload: JsonValue): ReviewQuestion {
  if (!isJsonObject(payload) || !Object.hasOwn(payload, "data")) {
    return { name: null, data: payload, editable: false };
  }
  const { name, data, editable } = payload;
  return {
    name: typeof name === "string" && name.trim() !== "" ? name : null,
    data: data ?? null,
    // What stands for a large value cannot be edited in its place.
    editable: editable === true && !showsStored(data ?? null),
  };
}
