import type { AttemptRef } from "#durable-objects/execution/core/attempt-ref.ts";
import type { Attempt } from "./attempt.ts";
import type { Clock } from "./clock.ts";

/** Outputs of a block that is still running wait this long for company before they are reported, ms. */
const STREAM_MS = 20;

/** How long the end of an attempt waits for others that run beside it, ms. */
const GATHER_MS = 10;

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
   * Resolves when something is to be reported: a moment after an end, because what began together often ends together, and each report is a commit; a little
   * later for outputs alone.
   */
  async news(): Promise<void> {
    const running = (): Attempt[] => [...this.#attempts.values()];
    const someEnded = (): boolean => running().some((attempt) => attempt.ended);
    const allEnded = (): boolean => running().every((attempt) => attempt.ended);
    while (!allEnded()) {
      if (someEnded()) {
        await this.#sleep(GATHER_MS, allEnded);
        return;
      }
      if (running().some((attempt) => attempt.hasNews)) {
        await this.#sleep(STREAM_MS, someEnded);
        return;
      }
      await this.#sleep(null, () => true);
    }
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
