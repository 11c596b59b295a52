import * as z from "zod";

/** A pin with texts by any names. Unlike `z.record`, it keeps a name like `__proto__`. */
export function textsPin() {
  return z
    .custom<Record<string, string>>(
      (value) =>
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((item) => typeof item === "string"),
      "must be an object whose values are texts",
    )
    .meta({ type: "object", additionalProperties: { type: "string" } });
}
