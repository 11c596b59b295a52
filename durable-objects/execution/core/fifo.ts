/** A first-in-first-out queue with O(1) amortised `shift`, where an array's would be O(n). */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** The newest item. */
  last(): T | undefined {
    return this.length === 0 ? undefined : this.#items.at(-1);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) {
      return undefined;
    }
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes the newest item back, if it is this one. */
  takeBack(item: T): void {
    if (this.length > 0 && this.#items.at(-1) === item) {
      this.#items.pop();
    }
  }

  /** Takes an item out, wherever it stands: O(n). */
  remove(item: T): void {
    const at = this.#items.indexOf(item, this.#head);
    if (at >= 0) {
      this.#items.splice(at, 1);
    }
  }

  /** The first `count` items, without taking them. */
  first(count: number): T[] {
    return this.#items.slice(this.#head, this.#head + count) as T[];
  }

  toArray(): T[] {
    return this.#items.slice(this.#head) as T[];
  }
}
