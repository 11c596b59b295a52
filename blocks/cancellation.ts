/**
 * Tells work to stop: what `AbortController` does, without an object of the runtime for each of many short attempts. `signal` is there for those
 * that need a real one, and made when the first asks.
 */
export class Cancellation {
  #cancelled = false;
  #reason: unknown;
  readonly #listeners = new Set<() => void>();
  /** Work that is given up when this is cancelled. */
  #racing: ((reason: unknown) => void)[] = [];
  #rejection: Promise<never> | undefined;
  #controller: AbortController | undefined;

  /** One that follows a signal. */
  static of(signal: AbortSignal): Cancellation {
    const cancellation = new Cancellation();
    if (signal.aborted) {
      cancellation.cancel(signal.reason);
    } else {
      signal.addEventListener("abort", () => cancellation.cancel(signal.reason), { once: true });
    }
    return cancellation;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Why; undefined before. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The first reason holds. */
  cancel(reason: unknown): void {
    if (this.#cancelled) {
      return;
    }
    this.#cancelled = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) {
      listener();
    }
    for (const reject of this.#racing.splice(0)) {
      reject(reason);
    }
  }

  /** Calls `listener` once: when the work is cancelled, or at once when it is already. The answer calls it off. */
  onCancel(listener: () => void): () => void {
    if (this.#cancelled) {
      listener();
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Rejects with the reason. One promise for all who wait; never an unhandled rejection. */
  get rejection(): Promise<never> {
    if (this.#rejection === undefined) {
      this.#rejection = new Promise<never>((_resolve, reject) => {
        this.onCancel(() => reject(this.#reason as Error));
      });
      this.#rejection.catch(() => undefined);
    }
    return this.#rejection;
  }

  /**
   * What `work` comes to, or a rejection with the reason when that is sooner. A race with `rejection` would do the same, but that promise would hold on to everything
   * that was ever raced with it.
   */
  orCancelled<T>(work: Promise<T>): Promise<T> {
    if (this.#cancelled) {
      work.catch(() => undefined);
      return Promise.reject(this.#reason as Error);
    }
    return new Promise<T>((resolve, reject) => {
      this.#racing.push(reject);
      work.then(
        (value) => {
          this.#leave(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.#leave(reject);
          reject(error as Error);
        },
      );
    });
  }

  #leave(reject: (reason: unknown) => void): void {
    // Mostly there is one.
    if (this.#racing.at(-1) === reject) {
      this.#racing.pop();
    } else {
      this.#racing = this.#racing.filter((other) => other !== reject);
    }
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) {
        this.#controller.abort(this.#reason);
      }
    }
    return this.#controller.signal;
  }

  /** Throws the reason. */
  throwIfCancelled(): void {
    if (this.#cancelled) {
      throw this.#reason;
    }
  }
}
