import type { Clock } from "#worker/consumers/clock.ts";

/** Calls that were just begun are on their way by then, ms. */
const SOON_MS = 10;

/** A thread that comes to its timers later than this has other things to do, ms. */
const LATE_MS = 3;

/** Does `work` in a moment, if the thread is idle then. The answer calls it off. */
export function whenIdleSoon(clock: Pick<Clock, "now" | "after">, work: () => void): () => void {
  const due = clock.now() + SOON_MS;
  return clock.after(SOON_MS, () => {
    if (clock.now() - due <= LATE_MS) {
      work();
    }
  });
}
