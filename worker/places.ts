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

/** Lets so many requests of an isolate in at a time; the others wait, first come, first served, but for places whose holders died: those go to whoever looks first. */
export class Places {
  readonly #options: PlacesOptions;
  /** By place: until when it is taken at most, ms since the epoch. */
  readonly #inside = new Map<symbol, number>();
  #line: Waiter[] = [];
  #waiting = 0;

  constructor(options: PlacesOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when there is a place; the answer gives it back, and may be called more than once. */
  async enter(): Promise<() => void> {
    const place = this.#waiting === 0 && this.#hasRoom() ? this.#take() : await this.#turn();
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

  async #turn(): Promise<symbol> {
    const waiter: Waiter = { call: () => undefined, gone: false };
    const called = new Promise<symbol>((resolve) => (waiter.call = resolve));
    this.#line.push(waiter);
    this.#waiting += 1;
    for (;;) {
      const place = await orLook(called);
      if (place !== null) {
        return place;
      }
      if (!waiter.gone && this.#hasRoom()) {
        this.#strike(waiter);
        return this.#take();
      }
    }
  }

  #strike(waiter: Waiter): void {
    waiter.gone = true;
    this.#waiting -= 1;
    this.#line = this.#line.filter((other) => other !== waiter);
  }

  /** Its place is taken for it, so that nobody who comes now is before it. */
  #callNext(): void {
    const next = this.#line.shift();
    if (next !== undefined) {
      next.gone = true;
      this.#waiting -= 1;
      next.call(this.#take());
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
