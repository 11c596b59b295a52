import { isTerminal } from "#graph/run/status.ts";
import { nextChildLook, nextWorkLook } from "./next-look.ts";
import { runDeadline } from "./run-limits.ts";
import { planNode } from "./state.ts";
import type { ExecutionState } from "./state.ts";
import { totalDeadline } from "./total-limit.ts";

/**
 * Rule AL1: when the object must look at the run again if nobody calls, ms since the epoch; null when the run is over. The earliest of: the end of
 * a lease, of a backoff or of a wait, the time limit of the run or of a node execution, a look after a child, and one after work that is ready and that no consumer has come for.
 */
export function nextAlarm(state: ExecutionState, now: number, leaseMs: number): number | null {
  if (isTerminal(state.status) || state.status === "INCOMPLETE") {
    return null;
  }
  let at = runDeadline(state);
  for (const { leaseUntil } of state.running) {
    at = Math.min(at, leaseUntil);
  }
  for (const { notBefore } of state.delayed) {
    at = Math.min(at, notBefore);
  }
  for (const execution of state.timed) {
    at = Math.min(at, totalDeadline(planNode(state, execution.node), execution));
  }
  for (const { wait, waitingSince } of state.waiting) {
    at = Math.min(at, wait?.until ?? Number.POSITIVE_INFINITY);
    if (wait?.kind === "child") {
      at = Math.min(at, nextChildLook(Math.max(waitingSince, state.pauseChangedAt), now));
    }
  }
  const idle = state.running.size + state.delayed.size + state.waiting.size;
  if (state.active > idle && !state.paused) {
    at = Math.min(at, nextLookAtWork(state, now, leaseMs));
  }
  return at === Number.POSITIVE_INFINITY ? null : at;
}

/** When to look again after work that is ready: by how long nothing has happened in the run, and nothing has become ready by itself. */
function nextLookAtWork(
  { lastAt, promotedAt }: Pick<ExecutionState, "lastAt" | "promotedAt">,
  now: number,
  leaseMs: number,
): number {
  return nextWorkLook(Math.max(lastAt, promotedAt), now, leaseMs);
}
