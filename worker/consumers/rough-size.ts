import type { Output } from "#durable-objects/execution/core/stored-value.ts";
import type { JsonValue } from "#graph/json.ts";

/** Values looked at before the rest is guessed. */
const LOOK = 200;

/** About how many characters outputs take as JSON. Cheap rather than exact: at most `LOOK` values are looked at, the rest counts like them. */
export function roughSize(outputs: readonly Output[]): number {
  let looked = 0;
  const measure = (value: JsonValue): number => {
    looked += 1;
    if (typeof value === "string") {
      return value.length + 2;
    }
    if (typeof value !== "object" || value === null) {
      return 6;
    }
    const items = Array.isArray(value) ? value : Object.values(value);
    let sum = 2;
    let counted = 0;
    for (const item of items) {
      if (looked >= LOOK) {
        break;
      }
      sum += measure(item) + (Array.isArray(value) ? 1 : 12);
      counted += 1;
    }
    return counted === 0 ? sum : (sum * items.length) / counted;
  };
  let size = 0;
  for (const [, value] of outputs) {
    size += 16 + measure(value);
  }
  return size;
}
