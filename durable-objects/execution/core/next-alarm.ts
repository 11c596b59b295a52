import { isTerminal } from "#graph/run/status.ts";
import type { ExecutionState } from "./state.ts";

/**
 * Rule AL1: when the object must look at the run again if nobody calls, ms since the epoch; null when the run is over. The earliest of: the end of
 * a lease, the end of a backoff, the run's time limit, and one lease length from now while work is ready that no consumer has come for.
 */
export function nextAlarm(state: ExecutionState, now: number, leaseMs: number): number | null {
  if (isTerminal(state.status) || state.status === "INCOMPLETE") {
    return null;
  }
  let at = Number.POSITIVE_INFINITY;
  for (const execution of state.running) {
    at = Math.min(at, execution.leaseUntil);
  }
  for (const execution of state.delayed) {
    at = Math.min(at, execution.notBefore);
  }
  if (state.plan.timeout_ms !== undefined) {
    at = Math.min(at, state.createdAt + state.plan.timeout_ms);
  }
  if (state.active > state.running.size + state.delayed.size || at === Number.POSITIVE_INFINITY) {
    at = Math.min(at, now + leaseMs);
  }
  return at;
}
