import type { JsonObject, JsonSchema } from "../json.ts";
import { getOwn, recordOf } from "../own-property.ts";
import { sampleValue } from "./sample-value.ts";

/** Samples for the required inputs of an agent that are not given, by name; null counts as not given. */
export function sampleMissingInputs(inputSchema: JsonSchema, given: JsonObject): JsonObject {
  const missing = (inputSchema.required ?? []).filter((name) => (getOwn(given, name) ?? null) === null);
  const properties = inputSchema.properties ?? {};
  return recordOf(missing.map((name) => [name, sampleValue(getOwn(properties, name) ?? {}, inputSchema)] as const));
}
