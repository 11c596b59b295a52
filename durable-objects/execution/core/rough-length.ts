import type { JsonValue } from "#graph/json.ts";
import type { NodeExecution } from "./state.ts";
import { storedIn } from "./stored-value.ts";

/** Values looked at before the rest is guessed. */
const LOOK = 200;
/** Name of the pin, and what stands around a value. */
const PER_VALUE = 16;

/** About how many characters values take as JSON, together. Cheap rather than exact: at most `LOOK` values are looked at, the rest counts like them. */
export class RoughLength {
  readonly #whole: boolean;
  #looked = 0;
  length = 0;

  /** @param whole large values that are stored by themselves count as long as they are, not as the markers that stand for them */
  constructor(whole = false) {
    this.#whole = whole;
  }

  add(value: JsonValue): void {
    this.length += PER_VALUE + this.#measure(value);
  }

  #measure(value: JsonValue): number {
    this.#looked += 1;
    if (typeof value === "string") {
      return value.length + 2;
    }
    if (typeof value !== "object" || value === null) {
      return 6;
    }
    const stored = this.#whole ? storedIn(value) : undefined;
    if (stored !== undefined) {
      return stored.size;
    }
    const items = Array.isArray(value) ? value : Object.values(value);
    let sum = 2;
    let counted = 0;
    for (const item of items) {
      if (this.#looked >= LOOK) {
        break;
      }
      sum += this.#measure(item) + (Array.isArray(value) ? 1 : 12);
      counted += 1;
    }
    return counted === 0 ? sum : (sum * items.length) / counted;
  }
}

/** Of one value, by itself. */
export function roughLength(value: JsonValue): number {
  const rough = new RoughLength();
  rough.add(value);
  return rough.length - PER_VALUE;
}

/** Of one value with the large values in it, as the block that gets it sees it. */
export function wholeLength(value: JsonValue): number {
  const rough = new RoughLength(true);
  rough.add(value);
  return rough.length - PER_VALUE;
}

/** Of a node execution's input. */
export function roughInputLength({ input, gathered, literals }: NodeExecution): number {
  const rough = new RoughLength();
  for (const { value } of input.values()) {
    rough.add(value);
  }
  for (const value of Object.values(literals ?? {})) {
    rough.add(value);
  }
  for (const { size } of gathered?.values ?? []) {
    rough.length += size;
  }
  return rough.length;
}
