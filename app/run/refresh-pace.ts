const BUSY_MS = 2_000;
const IDLE_MS = 6_000;
const SLOWEST_MS = 30_000;
const GROWTH = 1.25;

/** Ms until a list is asked for again: the first time, and each time after `previous` brought nothing new. */
export function nextDelay(previous: number | null, busy: boolean): number {
  if (previous === null) {
    return busy ? BUSY_MS : IDLE_MS;
  }
  return Math.min(SLOWEST_MS, Math.round(previous * GROWTH));
}
