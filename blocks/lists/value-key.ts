import type { JsonValue } from "#graph/json.ts";

/** A text that two values share exactly when they are equal, whatever the order of their keys. For sets of values. */
export function valueKey(value: JsonValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(valueKey).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${valueKey(value[key] ?? null)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The values without repetitions; of equal ones the first stays. */
export function withoutDuplicates(values: readonly JsonValue[]): JsonValue[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = valueKey(value);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
