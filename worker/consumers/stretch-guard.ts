import { Cancellation } from "#blocks/cancellation.ts";
import type { Attempt } from "./attempt.ts";
import type { Clock } from "./clock.ts";

/**
 * One timer for a whole stretch of pure attempts, which run one after the other under one cancellation. Set again only for a node with a shorter
 * limit: a timer for each would cost more than the blocks. So a node may get a little less than its limit, by what the stretch ran before it.
 */
export class StretchGuard {
  readonly cancellation = new Cancellation();
  readonly #clock: Clock;
  #armedMs = Number.POSITIVE_INFINITY;
  #callOff: (() => void) | undefined;
  #current: Attempt | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(attempt: Attempt): void {
    this.#current = attempt;
    const { timeout_ms: limitMs } = attempt.lease;
    if (limitMs < this.#armedMs) {
      this.#callOff?.();
      this.#armedMs = limitMs;
      this.#callOff = this.#clock.after(limitMs, () => this.#current?.timeOut());
    }
  }

  disarm(): void {
    this.#callOff?.();
    this.#current = undefined;
  }
}
