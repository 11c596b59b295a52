import { basePinName, isToolPin } from "#graph/pins/dynamic-pins.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import { effectiveInput } from "./core/effective-input.ts";
import type { AttemptRef } from "./core/attempt-ref.ts";
import type { Report } from "./core/report.ts";
import type { NodeExecution } from "./core/state.ts";
import type { AttemptReport, Lease, WorkAnswer } from "./protocol.ts";

/** Between the protocol's shapes and the core's. */

/** The lease of a node execution's attempt, with what its block needs. */
export function toLease(
  run: { executionId: string; plan: Pick<Plan, "nodes"> },
  execution: NodeExecution,
  attempt: number,
): Lease {
  const node = run.plan.nodes[execution.node];
  if (node === undefined) {
    throw new Error(`the plan has no node ${execution.node}`);
  }
  return {
    node_execution_id: execution.id,
    node_id: node.id,
    block_id: node.block_id,
    attempt,
    input: effectiveInput(execution),
    input_default: node.input_default,
    effects: node.effects,
    timeout_ms: node.timeout_ms,
    deadline: execution.leaseUntil,
    cache: node.cache ?? null,
    resume: execution.resume,
    idempotency_key: `${run.executionId}:${execution.id}`,
    ...retriesOf(node, execution.failures),
    ...selectsOf(node),
  };
}

function retriesOf({ retry }: PlanNode, failures: number): Pick<Lease, "retries_left" | "retry_on"> {
  const left = (retry?.max_attempts ?? 1) - failures - 1;
  return left <= 0 ? NONE : { retries_left: left, ...(retry?.on === undefined ? {} : { retry_on: retry.on }) };
}

const NONE = {};
const selects = new WeakMap<PlanNode, { selects?: string[] }>();

/** The source names of a node's links that take a part of an output. */
export function selectsOf(node: PlanNode): { selects?: string[] } {
  let known = selects.get(node);
  if (known === undefined) {
    const names = node.links
      .map(({ source_name }) => source_name)
      .filter((name) => !isToolPin(name) && basePinName(name) !== name);
    known = names.length === 0 ? NONE : { selects: [...new Set(names)] };
    selects.set(node, known);
  }
  return known;
}

export function toReport(report: AttemptReport): AttemptRef & Report {
  const { node_execution_id, attempt, begun, first_output, outputs, end } = report;
  return { node_execution_id, attempt, begun: begun === true, firstOutput: first_output, outputs, end: toEnd(end) };
}

function toEnd(end: AttemptReport["end"]): Report["end"] {
  if (end === undefined) {
    return undefined;
  }
  const base = { durationMs: end.duration_ms, usage: end.usage };
  if (end.status === "waiting") {
    return { ...base, status: "waiting", wait: end.wait };
  }
  return end.status === "completed"
    ? { ...base, status: "completed", ...(end.reused === undefined ? {} : { reused: end.reused }) }
    : {
        ...base,
        status: "failed",
        error: end.error,
        retryable: end.final === true ? false : end.retryable || undefined,
        retryAfterMs: end.retry_after_ms,
      };
}

/** The answer of an object that holds no run. */
export function nothingHere(attempts: AttemptRef[]): WorkAnswer {
  const refused = attempts.map(({ node_execution_id, attempt }) => ({ node_execution_id, attempt }));
  return {
    workspace_id: "",
    graph_id: "",
    graph_version: 0,
    leases: [],
    seq: 0,
    sync: null,
    refused,
    deadline: 0,
    ended: true,
  };
}
