import type { Recorder } from "./recorder.ts";
import { failNode } from "./report.ts";
import { planNode } from "./state.ts";
import type { NodeExecution } from "./state.ts";
import { totalDeadline, totalTimeout } from "./total-limit.ts";

/** Rule RT4: fails what has tried for too long, be it running or about to be repeated. */
export function failOverdue(recorder: Recorder): void {
  const { state, env } = recorder;
  if (state.timed.size === 0) {
    return;
  }
  const overdue = [...state.timed].filter(
    (execution) => totalDeadline(planNode(state, execution.node), execution) <= env.now,
  );
  for (const execution of overdue.toSorted(byCreation)) {
    if (recorder.fatal === null) {
      const durationMs = execution.status === "RUNNING" ? env.now - execution.startedAt : 0;
      failNode(recorder, execution, { durationMs, error: totalTimeout(planNode(state, execution.node)) });
    }
  }
}

/** Ids count up: `n9` comes before `n10`. */
function byCreation({ id: a }: NodeExecution, { id: b }: NodeExecution): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
