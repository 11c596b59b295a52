/** Soonest look after a run that this one started and has not heard of, and the next one after a look that told nothing, ms. */
export const FIRST_LOOK_MS = 60_000;

/** Longest time between two looks, ms. */
const MAX_LOOK_MS = 86_400_000;

/**
 * Rule CH3: when to look next after a run that has been waited for since `since`, ms since the epoch. As long again as it has been waited for, at least
 * a minute, at most a day: what sleeps for a year is asked some 400 times. The times depend on `since` alone, so commits in between do not put them off.
 */
export function nextChildLook(since: number, now: number): number {
  let wait = FIRST_LOOK_MS;
  while (wait < MAX_LOOK_MS && since + wait <= now) {
    wait *= 2;
  }
  const at = since + wait;
  return at > now ? at : at + (Math.floor((now - at) / MAX_LOOK_MS) + 1) * MAX_LOOK_MS;
}
