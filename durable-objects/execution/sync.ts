import { takeSnapshot } from "./core/snapshot.ts";
import { RoughLength, roughInputLength } from "./core/rough-length.ts";
import type { ExecutionState, NodeExecution } from "./core/state.ts";
import type { LeaseRequest, Sync } from "./protocol.ts";

/** A state with more open node executions and gathered values than this is not worth sending: one round trip a node is cheaper. */
const MAX_OPEN = 1_000;

/** Nor is one with more characters of gathered values, or of values at all. */
const MAX_GATHERED_CHARS = 500_000;
const MAX_CHARS = 4_000_000;

/**
 * The state for a consumer that would go on by itself, or null when it would be of no use: when others work on the run too, the state would be old
 * before the consumer has used it. A run that was started from another one is not told either: its consumer would need all that it has from there.
 */
export function syncFor(state: ExecutionState, request: LeaseRequest): Sync | null {
  if (request.wants === undefined || isLarge(state) || state.reuse !== null) {
    return null;
  }
  for (const execution of state.running) {
    if (execution.consumer !== request.consumer) {
      return null;
    }
  }
  return { snapshot: takeSnapshot(state, { replica: true }), plan: request.wants === "all" ? state.plan : null };
}

function isLarge({ executions, nodes }: ExecutionState): boolean {
  let count = executions.size;
  let size = 0;
  for (const { gathering } of nodes) {
    count += gathering?.pool.length ?? 0;
    size += gathering?.size ?? 0;
  }
  for (const { gathered } of executions.values()) {
    count += gathered?.values.length ?? 0;
    for (const value of gathered?.values ?? []) {
      size += value.size;
    }
  }
  return count > MAX_OPEN || size > MAX_GATHERED_CHARS || hasLongValues(executions.values());
}

function hasLongValues(executions: Iterable<NodeExecution>): boolean {
  let length = 0;
  for (const execution of executions) {
    length += roughInputLength(execution);
    for (const { value } of execution.held) {
      const held = new RoughLength();
      held.add(value);
      length += held.length;
    }
    if (length > MAX_CHARS) {
      return true;
    }
  }
  return false;
}
