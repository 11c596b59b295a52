import { letGo } from "./gathering.ts";
import type { LogEvent } from "./log-event.ts";
import { sameRef } from "./resolve-ref.ts";
import { nodeState, planNode } from "./state.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";

/** The execution takes its values out of what its node holds. */
export function takeGathered(
  state: ExecutionState,
  execution: NodeExecution,
  event: Extract<LogEvent, { type: "node_queued" }>,
): void {
  const { gathering } = nodeState(state, event.node);
  const { gathers } = planNode(state, event.node);
  if (gathering === null || gathers === undefined) {
    return;
  }
  if (gathering.open.peek() === execution) {
    gathering.open.shift();
  }
  if (event.gathered !== undefined) {
    const values = event.gathered.map((ref) => {
      const bound = letGo(gathering);
      if (bound === undefined || !sameRef(bound.ref, ref)) {
        throw new Error(`the log takes output ${String(ref)} for ${event.ne}, which its node does not hold`);
      }
      return bound;
    });
    execution.gathered = { pin: gathers.pin, values };
  }
  gathering.done = true;
  state.due.delete(event.node);
}
