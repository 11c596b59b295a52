import type { JsonObject } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { showsStored } from "#graph/run/stored-value.ts";

/** The inputs of a run to begin the form with: but for large ones, of which the page has only the beginning. */
export function inputsToStartFrom(inputs: JsonObject): JsonObject {
  return recordOf(Object.entries(inputs).filter(([, value]) => !showsStored(value)));
}
