import type { AttemptRef } from "#durable-objects/execution/core/attempt-ref.ts";
import type { Attempt } from "./attempt.ts";
import type { Clock } from "./clock.ts";

/** Outputs of a block that is still running wait this long for company before they are reported, ms. */
const STREAM_MS = 20;

/**
 * The end of an attempt waits for others that run beside it until none has ended for a while: what began together often ends together, and each report is a commit. On a
 * busy thread answers that are there come late and one by one, so the while is a part of what the attempt itself took, ms.
 */
const PATIENCE = { part: 1 / 8, least: 10, most: 100 };

/** They wait so many times their patience at most. */
const MOST_PATIENCE = 3;

/** The effectful attempts of a session, which run side by side. */
export class RunningAttempts {
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempt>();
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#attempts.size;
  }

  start(attempt: Attempt): void {
    this.#attempts.set(attempt.lease.node_execution_id, attempt);
    void attempt.run();
  }

  /** Something has happened to one of them. */
  notify(): void {
    this.#wake?.();
  }

  /**
   * Resolves when something is to be reported: a moment after an end (see PATIENCE), a little later for outputs alone.
   */
  async news(): Promise<void> {
    const allEnded = (): boolean => this.#count(isEnded) === this.#attempts.size;
    while (!allEnded()) {
      if (this.#count(isEnded) > 0) {
        await this.#gather(allEnded);
        return;
      }
      if (this.#count(hasNews) === 0) {
        await this.#sleep(null, () => true);
        continue;
      }
      await this.#sleep(STREAM_MS, () => this.#count(isEnded) > 0);
      // An output is mostly followed by the end.
      if (this.#count(isEnded) === 0) {
        return;
      }
    }
  }

  async #gather(allEnded: () => boolean): Promise<void> {
    const patience = this.#patience();
    const until = this.#clock.now() + MOST_PATIENCE * patience;
    let ended = this.#count(isEnded);
    // In two looks: one may be late itself, by what others that were ready before it did.
    for (let quiet = 0; quiet < 2 && !allEnded() && this.#clock.now() < until; quiet += 1) {
      await this.#sleep(patience / 2, allEnded);
      const now = this.#count(isEnded);
      quiet = now > ended ? -1 : quiet;
      ended = now;
    }
  }

  #patience(): number {
    let took = 0;
    for (const { durationMs = 0 } of this.#attempts.values()) {
      took = Math.max(took, durationMs);
    }
    return Math.min(Math.max(took * PATIENCE.part, PATIENCE.least), PATIENCE.most);
  }

  #count(what: (attempt: Attempt) => boolean): number {
    let count = 0;
    for (const attempt of this.#attempts.values()) {
      count += what(attempt) ? 1 : 0;
    }
    return count;
  }

  /** All of them as they are; those that have ended are let go of. */
  take(): Attempt[] {
    const all = [...this.#attempts.values()];
    for (const { lease, ended } of all) {
      if (ended) {
        this.#attempts.delete(lease.node_execution_id);
      }
    }
    return all;
  }

  /** Stops an attempt, if it is among them. */
  stop({ node_execution_id, attempt }: AttemptRef): void {
    const running = this.#attempts.get(node_execution_id);
    if (running?.lease.attempt === attempt) {
      running.stop();
      this.#attempts.delete(node_execution_id);
    }
  }

  stopAll(): void {
    for (const attempt of this.#attempts.values()) {
      attempt.stop();
    }
    this.#attempts.clear();
    this.notify();
  }

  /** Resolves after `ms`, if that is given, or when there is news that is enough. */
  async #sleep(ms: number | null, enough: () => boolean): Promise<void> {
    let callOff: (() => void) | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        if (enough()) {
          resolve();
        }
      };
      if (ms !== null) {
        callOff = this.#clock.after(ms, resolve);
      }
    });
    callOff?.();
    this.#wake = null;
  }
}

function isEnded(attempt: Attempt): boolean {
  return attempt.ended;
}

function hasNews(attempt: Attempt): boolean {
  return attempt.hasNews;
}
