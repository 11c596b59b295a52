import type { PlanNode } from "#graph/plan/plan.ts";
import type { RunError } from "#graph/run/event.ts";
import type { NodeExecution } from "./state.ts";

/** The limit of time over all attempts of a node execution. Rule RT4 of SPEC.md. */

/** When the node execution must be over, ms since the epoch; Infinity without a limit, before its first attempt, and while it waits. */
export function totalDeadline(node: PlanNode, { triedSince }: NodeExecution): number {
  return node.total_timeout_ms === undefined || triedSince === null
    ? Number.POSITIVE_INFINITY
    : triedSince + node.total_timeout_ms;
}

/** Whether the attempts that the node execution has together have an end (`ExecutionState.timed`). */
export function isTimed(node: PlanNode, execution: NodeExecution): boolean {
  return totalDeadline(node, execution) < Number.POSITIVE_INFINITY;
}

/** @param last what the last attempt failed with, if it did */
export function totalTimeout(node: PlanNode, last?: RunError): RunError {
  const seconds = (node.total_timeout_ms ?? 0) / 1_000;
  const why = last === undefined ? "" : ` The last failure was ${last.code}: ${last.message}`;
  const message = `The attempts of this node took longer than the limit of ${seconds} s that they have together.${why}`;
  return { code: "node_timeout", message, node_id: node.id };
}
