/**
 * How many bytes of large inputs may be in use at a time. Whoever would exceed the bound waits for its turn, first come first served; one alone may
 * have as much as it needs.
 */
export class HeldBytes {
  readonly #most: number;
  #held = 0;
  readonly #waiting: { bytes: number; go: () => void }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get held(): number {
    return this.#held;
  }

  /** Resolves when there is room; the answer gives the room back, once. */
  async take(bytes: number): Promise<() => void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((go) => this.#waiting.push({ bytes, go }));
    } else {
      this.#held += bytes;
    }
    let given = false;
    return () => {
      if (!given) {
        given = true;
        this.#held -= bytes;
        this.#letGo();
      }
    };
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#most;
  }

  #letGo(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.go();
    }
  }
}
