import * as z from "zod";
import type { JsonObject, JsonValue } from "#graph/json.ts";

/** Any JSON value; a pin that must be there, though it may be null. */
export function anyValue(): z.ZodCustom<JsonValue, JsonValue> {
  return z.custom<JsonValue>((value) => value !== undefined, "a value is missing");
}

/** Longest list that a block takes, elements: it is gone through in one go, and nothing else runs meanwhile. */
export const MAX_ELEMENTS = 1_000_000;

/** A list of anything, up to `MAX_ELEMENTS`. Not copied and not looked into: lists may be long. */
export function list(): z.ZodCustom<JsonValue[], JsonValue[]> {
  return z
    .custom<JsonValue[]>((value) => Array.isArray(value) && value.length <= MAX_ELEMENTS, {
      error: ({ input }) => (Array.isArray(input) ? `has more than ${MAX_ELEMENTS} elements` : "must be a list"),
    })
    .meta({ type: "array", items: {} });
}

/** A dictionary with values of any kind. Keys such as `__proto__` stay what they are (z.record would drop them). */
export function dictionary(): z.ZodCustom<JsonObject, JsonObject> {
  return z
    .custom<JsonObject>(
      (value) => typeof value === "object" && value !== null && !Array.isArray(value),
      "must be a dictionary",
    )
    .meta({ type: "object", additionalProperties: true });
}
