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
 * Lets an object that has nothing to do for now leave the memory before the runtime would put it out (10 s after the last call). On a machine of its own, where
 * a hundred runs a second would keep a thousand databases open, that is most of the memory. It is no more than an eviction, which may come at any time: what
 * is told is stored, and whoever calls next finds the object as it was.
 */
export class Release {
  readonly #host: ReleaseHost;
  #calls = 0;
  #underWay = 0;
  #armed = false;

  constructor(host: ReleaseHost) {
    this.#host = host;
  }

  /** Somebody called: not now. */
  called(): void {
    this.#calls += 1;
  }

  /** Something is under way that would be lost; the answer says that it is done. */
  busy(): () => void {
    this.#underWay += 1;
    let lasts = true;
    return () => {
      this.#underWay -= lasts ? 1 : 0;
      lasts = false;
    };
  }

  /** What `work` answers; not before it is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    const done = this.busy();
    try {
      return await work;
    } finally {
      done();
    }
  }

  /** Leaves after `ms` without a call, if there is nothing to do now and then. Null: never by itself. */
  whenQuiet(ms: number | null, nothingToDo: () => boolean): void {
    if (ms !== null && !this.#armed && nothingToDo()) {
      this.#armed = true;
      this.#wait(ms, nothingToDo);
    }
  }

  #wait(ms: number, nothingToDo: () => boolean): void {
    const calls = this.#calls;
    this.#host.after(ms, () => void this.#leave(ms, calls, nothingToDo));
  }

  /** A timer keeps an object from hibernating, so there is none while somebody is connected and may stay for hours. */
  async #leave(ms: number, calls: number, nothingToDo: () => boolean): Promise<void> {
    await this.#host.sync();
    if (!nothingToDo() || this.#host.watched()) {
      this.#armed = false;
    } else if (calls !== this.#calls || this.#underWay > 0) {
      this.#wait(ms, nothingToDo);
    } else {
      this.#host.abort("There is nothing to do for the run, and nobody asks for it: the object leaves the memory.");
    }
  }
}
