/** What an object needs to leave the memory by itself. */
export interface ReleaseHost {
  /** Resolves when everything that was written is kept. */
  sync(): Promise<void>;
  /** Ends this life of the object; the next call makes a new one from what is stored. */
  abort(reason: string): void;
  /** Somebody is connected. */
  watched(): boolean;
  after(ms: number, work: () => void): void;
}

/**
 * Lets an object with nothing left to do leave the memory before the runtime would put it out (10 s after the last call). On a machine of its own, where a
 * hundred runs a second would keep a thousand databases open, that is most of the memory. It is no more than an eviction, which may come at any time: what is told is stored, and
 * whoever calls next finds the object as it was.
 */
export class Release {
  readonly #host: ReleaseHost;
  #calls = 0;
  #armed = false;

  constructor(host: ReleaseHost) {
    this.#host = host;
  }

  /** Somebody called: not now. */
  called(): void {
    this.#calls += 1;
  }

  /** There is nothing left to do: leaves after `ms` without a call. Null: never by itself. */
  whenQuiet(ms: number | null): void {
    if (ms !== null && !this.#armed) {
      this.#armed = true;
      this.#wait(ms);
    }
  }

  #wait(ms: number): void {
    const calls = this.#calls;
    this.#host.after(ms, () => void this.#leave(ms, calls));
  }

  async #leave(ms: number, calls: number): Promise<void> {
    await this.#host.sync();
    if (calls !== this.#calls || this.#host.watched()) {
      this.#wait(ms);
      return;
    }
    this.#host.abort("The run is over and nobody asks for it: the object leaves the memory.");
  }
}
