import type { JsonValue } from "#graph/json.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { usagePart } from "#graph/run/usage.ts";
import type { ReviewDecision, Wait, WaitKind } from "#graph/run/wait.ts";
import type { Recorder } from "./recorder.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";

/** Waiting: state in the object and one alarm, no consumer. Rules WT1 to WT6 of SPEC.md. */

/** The longest wait, ms. */
export const MAX_WAIT_MS = 366 * 86_400_000;

export function beginWait(
  recorder: Recorder,
  execution: NodeExecution,
  end: { durationMs: number; usage: NodeUsage | undefined; wait: Wait },
): void {
  const { state, env } = recorder;
  const until = end.wait.until === null ? null : Math.min(end.wait.until, env.now + MAX_WAIT_MS);
  const ref = { ne: execution.id, node: execution.node };
  recorder.emit({
    type: "node_waiting",
    ...ref,
    wait: { ...end.wait, until },
    duration_ms: end.durationMs,
    ...usagePart(end.usage),
  });
  if (end.wait.kind === "review" && state.autoApproved.has(execution.node)) {
    approveByItself(recorder, execution);
  }
}

/** Rule WT2: goes on with what waits for a time that has come. */
export function resumeDue(recorder: Recorder): void {
  const { state, env } = recorder;
  for (const execution of [...state.waiting]) {
    const { wait } = execution;
    if (wait !== null && wait.until !== null && wait.until <= env.now) {
      const reason = wait.kind === "timer" ? "timer" : "timeout";
      recorder.emit({ type: "node_resumed", ne: execution.id, node: execution.node, reason, data: null });
    }
  }
}

/** The node execution, if it waits for just this. */
export function waitingFor(state: ExecutionState, ne: string, kind: WaitKind): NodeExecution | undefined {
  const execution = state.executions.get(ne);
  return execution?.wait?.kind === kind ? execution : undefined;
}

/** Rule WT3: what a node waited for has happened. False when it does not wait for that (any more). */
export function signal(
  recorder: Recorder,
  to: { ne: string; kind: WaitKind },
  what: { data: JsonValue; autoApprove: boolean },
): boolean {
  const execution = waitingFor(recorder.state, to.ne, to.kind);
  if (execution === undefined) {
    return false;
  }
  const waived = what.autoApprove && to.kind === "review" && isApproval(what.data);
  recorder.emit({
    type: "node_resumed",
    ne: execution.id,
    node: execution.node,
    reason: "signal",
    data: what.data,
    ...(waived ? { auto_approve: true } : {}),
  });
  if (waived) {
    for (const other of [...recorder.state.waiting]) {
      if (other.node === execution.node && other.wait?.kind === "review") {
        approveByItself(recorder, other);
      }
    }
  }
  return true;
}

/** Waiving goes with an approval only: a person who rejects one thing has not judged the others. */
function isApproval(data: JsonValue): boolean {
  return typeof data === "object" && data !== null && !Array.isArray(data) && data.approved === true;
}

/** With its own data, not with what a person made of another's. */
function approveByItself(recorder: Recorder, execution: NodeExecution): void {
  const decision: ReviewDecision = {
    approved: true,
    message: "Approved by itself, as was asked for at an earlier review.",
  };
  const data = { ...decision };
  recorder.emit({ type: "node_resumed", ne: execution.id, node: execution.node, reason: "signal", data });
}
