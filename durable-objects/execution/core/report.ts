import type { NodeUsage, RunError } from "#graph/run/event.ts";
import { MAX_OUTPUTS, TOO_MANY_OUTPUTS } from "#graph/run/output-limits.ts";
import { usagePart } from "#graph/run/usage.ts";
import type { Wait } from "#graph/run/wait.ts";
import { propagate } from "./join.ts";
import { outputEvent } from "./output-event.ts";
import type { Recorder } from "./recorder.ts";
import { beginWait } from "./waiting.ts";
import { retryDelay } from "./retry-policy.ts";
import type { Output } from "./stored-value.ts";
import { planNode } from "./state.ts";
import { totalDeadline, totalTimeout } from "./total-limit.ts";
import type { NodeExecution } from "./state.ts";

/** Committing what consumers found out. Rules RP1 to RP6 of SPEC.md. */

/** One attempt's news (protocol.ts `AttemptReport`, checked against the state by the caller). */
export interface Report {
  /** The consumer began this attempt by itself, without a lease (rule LC1). */
  begun?: boolean;
  /** Index of `outputs[0]` among all outputs of the attempt. */
  firstOutput: number;
  outputs: Output[];
  end:
    | { status: "completed"; durationMs: number; usage: NodeUsage | undefined; reused?: "cache" }
    | {
        status: "failed";
        durationMs: number;
        usage: NodeUsage | undefined;
        error: RunError;
        retryable: boolean | undefined;
        retryAfterMs: number | undefined;
      }
    | { status: "waiting"; durationMs: number; usage: NodeUsage | undefined; wait: Wait }
    | undefined;
}

/** Commits a report of the running attempt of `execution`. False when outputs before these never came: the attempt is refused. */
export function commitReport(recorder: Recorder, execution: NodeExecution, report: Report): boolean {
  if (report.firstOutput > execution.outputs - execution.outputBase) {
    return false;
  }
  execution.leaseUntil = recorder.env.now + recorder.env.leaseMs;
  const complete = commitOutputs(recorder, execution, report);
  if (recorder.fatal !== null && report.end?.usage !== undefined) {
    recorder.keepUsage(execution.id, report.end.usage);
  }
  if (!complete || recorder.fatal !== null) {
    return true;
  }
  const end = report.end;
  if (end === undefined) {
    return true;
  }
  if (end.status === "waiting") {
    beginWait(recorder, execution, end);
  } else if (end.status === "completed") {
    recorder.emit({
      type: "node_completed",
      ne: execution.id,
      node: execution.node,
      duration_ms: end.durationMs,
      ...usagePart(end.usage),
      ...(end.reused === undefined ? {} : { reused: end.reused }),
    });
    propagate(recorder);
  } else {
    retryOrFail(recorder, execution, end);
  }
  return true;
}

/** Rule RP3: outputs that an earlier attempt or report has committed are not committed again. */
function commitOutputs(recorder: Recorder, execution: NodeExecution, report: Report): boolean {
  for (const output of report.outputs.slice(execution.outputs - execution.outputBase - report.firstOutput)) {
    if (recorder.fatal !== null) {
      return false;
    }
    if (execution.outputs >= MAX_OUTPUTS) {
      const { durationMs = 0, usage } = report.end ?? {};
      failNode(recorder, execution, { durationMs, usage, error: TOO_MANY_OUTPUTS });
      return false;
    }
    recorder.emit(outputEvent(execution, output));
    propagate(recorder);
  }
  return true;
}

function retryOrFail(
  recorder: Recorder,
  execution: NodeExecution,
  end: Extract<Report["end"], { status: "failed" }>,
): void {
  const { env } = recorder;
  const node = planNode(recorder.state, execution.node);
  const delay = retryDelay(node, end, execution.failures, env.random);
  if (delay === null) {
    failNode(recorder, execution, end);
    return;
  }
  if (env.now + delay >= totalDeadline(node, execution)) {
    failNode(recorder, execution, { ...end, error: totalTimeout(node, end.error) });
    return;
  }
  recorder.emit({
    type: "node_retrying",
    ne: execution.id,
    node: execution.node,
    attempt: execution.attempt,
    error: end.error,
    retry_at: env.now + delay,
    lost: false,
    ...usagePart(end.usage),
  });
}

/** Rule RP4: the message leaves on the `error` pin, then the node execution is FAILED. */
export function failNode(
  recorder: Recorder,
  execution: NodeExecution,
  failure: { durationMs: number; error: RunError; usage?: NodeUsage | undefined },
): void {
  const plan = planNode(recorder.state, execution.node);
  const ref = { ne: execution.id, node: execution.node };
  recorder.emit({ type: "node_output", ...ref, pin: "error", value: failure.error.message });
  propagate(recorder);
  recorder.emit({
    type: "node_failed",
    ...ref,
    error: { ...failure.error, node_id: plan.id },
    handled: plan.error_linked,
    duration_ms: failure.durationMs,
    ...usagePart(failure.usage),
  });
  propagate(recorder);
}
