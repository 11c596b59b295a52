import type { RunError } from "#graph/run/event.ts";
import type { ExecutionState } from "./state.ts";

/** Node executions of a run that wait for values; each takes room in the object's memory until the run ends. */
export const MAX_INCOMPLETE = 100_000;

/** Events of a run: about half of what the storage of an object holds. */
export const MAX_EVENTS = 50_000_000;

/** Rule EN4: when the run must be over, ms since the epoch; Infinity without a limit. The time that it was held does not count. */
export function runDeadline({ plan, beganAt, createdAt }: ExecutionState): number {
  return plan.timeout_ms === undefined ? Number.POSITIVE_INFINITY : (beganAt ?? createdAt) + plan.timeout_ms;
}

/** Why a run has become too large to go on, or null. The number of node executions has a limit of its own (rule EN3). */
export function outgrown(state: ExecutionState): RunError | null {
  if (state.created - state.stats.node_execution_count > MAX_INCOMPLETE) {
    return {
      code: "too_many_incomplete",
      message:
        `More than ${MAX_INCOMPLETE} node executions of the run wait for values. ` +
        "Look for a node that gets many values on one pin and too few on another.",
    };
  }
  if (state.lastSeq >= MAX_EVENTS) {
    return {
      code: "log_limit",
      message: `The run reached its limit of ${MAX_EVENTS} events. Split the work over more runs.`,
    };
  }
  return null;
}
