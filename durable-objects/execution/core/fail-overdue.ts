import type { Recorder } from "./recorder.ts";
import { failNode } from "./report.ts";
import { planNode } from "./state.ts";
import type { ExecutionState } from "./state.ts";
import { totalDeadline, totalTimeout } from "./total-limit.ts";

/** Rule RT4: fails what has tried for too long, be it running or about to be repeated. */
export function failOverdue(recorder: Recorder): void {
  const { state, env } = recorder;
  if (!hasTotalLimits(state)) {
    return;
  }
  for (const execution of [...state.executions.values()]) {
    const node = planNode(state, execution.node);
    const open = execution.status === "RUNNING" || execution.status === "QUEUED";
    if (open && totalDeadline(node, execution) <= env.now && recorder.fatal === null) {
      const durationMs = execution.status === "RUNNING" ? env.now - execution.startedAt : 0;
      failNode(recorder, execution, { durationMs, error: totalTimeout(node) });
    }
  }
}

const limited = new WeakMap<ExecutionState["plan"], boolean>();

function hasTotalLimits({ plan }: ExecutionState): boolean {
  let known = limited.get(plan);
  if (known === undefined) {
    known = plan.nodes.some((node) => node.total_timeout_ms !== undefined);
    limited.set(plan, known);
  }
  return known;
}
