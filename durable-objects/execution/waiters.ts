/** Callers that wait for a run to end. In memory only: a caller whose object restarts asks again. */
export class Waiters {
  #waiting = new Set<() => void>();

  /** Resolves when `release` is called or after `ms`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }

  release(): void {
    for (const done of [...this.#waiting]) {
      done();
    }
  }
}
