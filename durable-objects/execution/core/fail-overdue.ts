import type { Recorder } from "./recorder.ts";
import { failNode } from "./report.ts";
import { planNode } from "./state.ts";
import { hasTotalLimits, totalDeadline, totalTimeout } from "./total-limit.ts";

/** Rule RT4: fails what has tried for too long, be it running or about to be repeated. */
export function failOverdue(recorder: Recorder): void {
  const { state, env } = recorder;
  if (!hasTotalLimits(state.plan)) {
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
