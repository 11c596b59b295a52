/** Soonest look after a run that this one started and has not heard of, and the next one after a look that told nothing, ms. */
export const FIRST_LOOK_MS = 60_000;

/** Longest time between two looks after such a run, ms. */
const MAX_CHILD_LOOK_MS = 86_400_000;

/** Longest time between two looks after work that nobody comes for, ms. */
export const MAX_WORK_LOOK_MS = 600_000;

/**
 * Rule CH3: when to look next after a run that has been waited for since `since`, ms since the epoch. As long again as it has been waited for, at least
 * a minute, at most a day: what sleeps for a year is asked some 400 times. The times depend on `since` alone, so commits in between do not put them off.
 */
export function nextChildLook(since: number, now: number): number {
  return nextLook({ since, now, first: FIRST_LOOK_MS, most: MAX_CHILD_LOOK_MS });
}

/**
 * Rule AL1: when to announce work again that has been ready, with nothing happening in its run, since `since`. As long again as it has been, at least a lease, at
 * most ten minutes: behind thousands of others its message is not lost but late, and each look at a run takes time from them.
 */
export function nextWorkLook(since: number, now: number, leaseMs: number): number {
  return nextLook({ since, now, first: leaseMs, most: Math.max(leaseMs, MAX_WORK_LOOK_MS) });
}

function nextLook({ since, now, first, most }: { since: number; now: number; first: number; most: number }): number {
  let wait = first;
  while (wait < most && since + wait <= now) {
    wait *= 2;
  }
  const at = since + Math.min(wait, most);
  return at > now ? at : at + (Math.floor((now - at) / most) + 1) * most;
}
