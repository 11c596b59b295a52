/** What is inside for longer than `mostMs` has died with its request, and its place is free. */
export interface PlacesOptions {
  most: number;
  mostMs: number;
}

interface Waiter {
  call: (place: symbol) => void;
  gone: boolean;
}

/**
 * A sign of life of one who waits, ms. The runtime ends a request of which nothing is under way: a promise that only another request can resolve does not count, a timer does. And who was
 * called may be such a request: then it is by this that the others find the place.
 */
const LOOK_MS = 5_000;

/**
 * Lets so many requests of an isolate in at a time; the others wait. Parties that wait take turns, and within a party it is first come, first served; but places whose holders
 * died go to whoever looks first.
 */
export class Places {
  readonly #options: PlacesOptions;
  /** By place: until when it is taken at most, ms since the epoch. */
  readonly #inside = new Map<symbol, number>();
  /** By party, those whose turn is next first; none is empty. */
  readonly #lines = new Map<string, Waiter[]>();

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** How many of a party wait. */
  waiting(party = ""): number {
    return this.#lines.get(party)?.length ?? 0;
  }

  /** Resolves when there is a place; the answer gives it back, and may be called more than once. */
  async enter(party = ""): Promise<() => void> {
    const place = this.#lines.size === 0 && this.#hasRoom() ? this.#take() : await this.#turn(party);
    return () => {
      if (this.#inside.delete(place)) {
        this.#callNext();
      }
    };
  }

  #take(): symbol {
    const place = Symbol("place");
    this.#inside.set(place, Date.now() + this.#options.mostMs);
    return place;
  }

  async #turn(party: string): Promise<symbol> {
    const waiter: Waiter = { call: () => undefined, gone: false };
    const called = new Promise<symbol>((resolve) => (waiter.call = resolve));
    const line = this.#lines.get(party);
    if (line === undefined) {
      this.#lines.set(party, [waiter]);
    } else {
      line.push(waiter);
    }
    for (;;) {
      const place = await orLook(called);
      if (place !== null) {
        return place;
      }
      if (!waiter.gone && this.#hasRoom()) {
        this.#strike(party, waiter);
        return this.#take();
      }
    }
  }

  #strike(party: string, waiter: Waiter): void {
    waiter.gone = true;
    const line = this.#lines.get(party) ?? [];
    line.splice(line.indexOf(waiter), 1);
    if (line.length === 0) {
      this.#lines.delete(party);
    }
  }

  /** Its place is taken for it, so that nobody who comes now is before it. */
  #callNext(): void {
    for (const [party, line] of this.#lines) {
      const next = line.shift();
      this.#lines.delete(party);
      if (line.length > 0) {
        this.#lines.set(party, line);
      }
      if (next !== undefined) {
        next.gone = true;
        next.call(this.#take());
        return;
      }
    }
  }

  #hasRoom(): boolean {
    const { most } = this.#options;
    if (this.#inside.size < most) {
      return true;
    }
    const now = Date.now();
    for (const [place, until] of this.#inside) {
      if (until <= now) {
        this.#inside.delete(place);
      }
    }
    return this.#inside.size < most;
  }
}

/** What `called` comes to, or null when it is time to look. The timer is set and taken back here: it belongs to the request that set it. */
async function orLook(called: Promise<symbol>): Promise<symbol | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), LOOK_MS);
  });
  const place = await Promise.race([called, look]);
  clearTimeout(timer);
  return place;
}
