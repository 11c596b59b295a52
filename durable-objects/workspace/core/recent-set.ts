/** A set that remembers only the last ones added. */
export class RecentSet<T> {
  readonly #items = new Set<T>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  /** False when it was there already. */
  add(item: T): boolean {
    if (this.#items.has(item)) {
      return false;
    }
    this.#items.add(item);
    if (this.#items.size > this.#capacity) {
      const [oldest] = this.#items;
      this.#items.delete(oldest as T);
    }
    return true;
  }
}
