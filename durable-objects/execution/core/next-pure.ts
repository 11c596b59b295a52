import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";

/** The pure node execution of a pool that is next in order, or undefined. Forgets those at the head that are not ready any more. */
export function nextPure(state: ExecutionState, pool: BlockPool): NodeExecution | undefined {
  if (state.paused) {
    return undefined;
  }
  const queue = state.ready[pool].pure;
  for (;;) {
    const execution = queue.peek();
    if (execution === undefined || (execution.status === "QUEUED" && !state.delayed.has(execution))) {
      return execution;
    }
    queue.shift();
  }
}
