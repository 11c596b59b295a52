import type { JsonObject } from "#graph/json.ts";
import type { AttemptRef } from "./core/attempt-ref.ts";
import type { Report } from "./core/report.ts";
import { planNode } from "./core/state.ts";
import type { NodeExecution } from "./core/state.ts";
import type { AttemptReport, Lease } from "./protocol.ts";
import type { Run } from "./run.ts";

/** Between the protocol's shapes and the core's. */

export function toLease({ run }: { run: Run }, execution: NodeExecution): Lease {
  const node = planNode(run.state, execution.node);
  const input: JsonObject = { ...execution.literals };
  for (const [pin, bound] of execution.input) {
    Object.defineProperty(input, pin, { value: bound.value, enumerable: true, writable: true, configurable: true });
  }
  return {
    node_execution_id: execution.id,
    node_id: node.id,
    block_id: node.block_id,
    attempt: execution.attempt,
    input,
    input_default: node.input_default,
    effects: node.effects,
    timeout_ms: node.timeout_ms,
    deadline: execution.leaseUntil,
    idempotency_key: `${run.header.execution_id}:${execution.id}`,
  };
}

export function toReport(report: AttemptReport): AttemptRef & Report {
  const { node_execution_id, attempt, first_output, outputs, end } = report;
  return { node_execution_id, attempt, firstOutput: first_output, outputs, end: toEnd(end) };
}

function toEnd(end: AttemptReport["end"]): Report["end"] {
  if (end === undefined) {
    return undefined;
  }
  const base = { durationMs: end.duration_ms, usage: end.usage };
  return end.status === "completed"
    ? { ...base, status: "completed" }
    : { ...base, status: "failed", error: end.error, retryable: end.retryable, retryAfterMs: end.retry_after_ms };
}
