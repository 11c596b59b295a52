import type { JsonValue } from "#graph/json.ts";

/** What was typed for a value: JSON when it is JSON, else the text itself. */
export function jsonOrText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}
