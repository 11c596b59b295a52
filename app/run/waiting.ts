import type { NodeExecutionRunView, NodeRunView } from "#graph/run/run-view.ts";
import { isTerminal } from "#graph/run/status.ts";

export type Waiting = NonNullable<NodeExecutionRunView["waiting"]>;

/** What an execution waits for now. One that was stopped while it waited does not wait any more. */
export function waitingOf(execution: NodeExecutionRunView): Waiting | null {
  return isTerminal(execution.status) ? null : execution.waiting;
}

/** What a node waits for: of its last executions, the one that goes on first; and how many others wait. */
export function nodeWaiting(node: NodeRunView): { first: Waiting; others: number } | null {
  const all = node.recent.flatMap((execution) => waitingOf(execution) ?? []);
  const first = all.reduce<Waiting | undefined>(
    (best, waiting) => (best === undefined || time(waiting) < time(best) ? waiting : best),
    undefined,
  );
  return first === undefined ? null : { first, others: all.length - 1 };
}

function time({ until }: Waiting): number {
  return until === null ? Number.POSITIVE_INFINITY : Date.parse(until);
}
