import { z } from "@hono/zod-openapi";
import type { JsonObject, JsonValue } from "#graph/json.ts";

/**
 * Values that were parsed from JSON are JSON by construction, and the body reader has bounded their depth; walking them
 * again would only cost time. So these check the outermost type and document the rest.
 */
export const jsonValueSchema = z
  .custom<JsonValue>((value) => value !== undefined)
  .openapi({ type: ["string", "number", "boolean", "object", "array", "null"], description: "Any JSON value." });

export const jsonObjectSchema = z
  .custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value), {
    error: "Expected an object.",
  })
  .openapi({ type: "object", additionalProperties: true });
