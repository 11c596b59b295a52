interface Entry<T> {
  value: T;
  weight: number;
}

/**
 * Keeps what was used last, as long as the weights together stay below a bound. For values that never change: there is no time
 * after which they go.
 */
export class WeightedCache<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #maxWeight: number;
  #weight = 0;

  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** A value that is heavier than the whole bound is not kept. */
  set(key: string, value: T, weight: number): void {
    this.delete(key);
    if (weight > this.#maxWeight) {
      return;
    }
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#maxWeight) {
        return;
      }
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#weight -= entry.weight;
    }
  }
}
