import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { RunError, RunStats } from "#graph/run/event.ts";
import { isTerminal } from "#graph/run/status.ts";
import { usagePart } from "#graph/run/usage.ts";
import type { WaitKind } from "#graph/run/wait.ts";
import type { AttemptRef } from "./attempt-ref.ts";
import { takeChildNews } from "./child.ts";
import type { ChildNews } from "./child.ts";
import { endBatch } from "./evolve.ts";
import { failOverdue } from "./fail-overdue.ts";
import { propagate } from "./join.ts";
import { beginPure, expireLeases, lease, openAttempt, promoteDelayed, renew } from "./lease.ts";
import type { LogEvent } from "./log-event.ts";
import { newId, queueNode } from "./queue-node.ts";
import { Recorder } from "./recorder.ts";
import type { DecisionEnv } from "./recorder.ts";
import { commitReport } from "./report.ts";
import type { Report } from "./report.ts";
import { runDeadline } from "./run-limits.ts";
import { resumeDue, signal } from "./waiting.ts";
import { planNode } from "./state.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";

/** Everything that can happen to a run. */
export type Input =
  | { type: "start"; inputs: JsonObject }
  | { type: "lease"; pool: BlockPool; max: number }
  | {
      type: "report";
      reports: (AttemptRef & Report)[];
      /** The consumer went on by itself from the state after this event (rule LC1). */
      continuedFrom?: number | undefined;
      /** Null when the consumer takes no work. */
      pool: BlockPool | null;
      max: number;
    }
  | { type: "renew"; attempts: AttemptRef[] }
  | { type: "signal"; ne: string; kind: WaitKind; data: JsonValue; autoApprove: boolean }
  | { type: "child"; news: ChildNews }
  | { type: "pause" }
  | { type: "unpause" }
  | { type: "tick" }
  | { type: "cancel"; reason: string };

export interface Decision {
  /** To be committed as one batch; already folded into the state. */
  events: LogEvent[];
  /** Node executions handed out by this decision. */
  leased: NodeExecution[];
  /** Attempts that are no longer wanted. */
  refused: AttemptRef[];
  /** The signal found its wait; a child's news found its node. */
  accepted: boolean;
  /** Of a child's outputs, how many are committed. */
  childOutputs: number;
}

/**
 * Decides what an input does to a run. Owns: the order in which rules apply, and the end of a run. Does not own: I/O, time and
 * chance (they come in as `env`), the folding of events (evolve.ts).
 *
 * Synchronous and deterministic. The events are folded into `state` as they are decided: when they cannot be committed, the state is
 * void and must be loaded again.
 */
export function decide(state: ExecutionState, input: Input, env: DecisionEnv): Decision {
  const recorder = new Recorder(state, env);
  const decision: Decision = { events: recorder.events, leased: [], refused: [], accepted: false, childOutputs: -1 };
  if (isTerminal(state.status)) {
    decision.refused = attemptsOf(input);
    return decision;
  }
  apply(recorder, input, decision);
  settle(recorder);
  if (isTerminal(state.status)) {
    decision.leased = [];
  }
  endBatch(state);
  return decision;
}

/** Rule RT4: no attempt begins after the limit of its node. */
function leaseInTime(recorder: Recorder, pool: BlockPool, max: number): NodeExecution[] {
  failOverdue(recorder);
  return recorder.fatal === null ? lease(recorder, pool, max) : [];
}

function attemptsOf(input: Input): AttemptRef[] {
  if (input.type === "report") {
    return input.reports.map(({ node_execution_id, attempt }) => ({ node_execution_id, attempt }));
  }
  return input.type === "renew" ? input.attempts : [];
}

function apply(recorder: Recorder, input: Input, decision: Decision): void {
  switch (input.type) {
    case "start":
      return start(recorder, input.inputs);
    case "lease":
      decision.leased = leaseInTime(recorder, input.pool, input.max);
      return;
    case "report":
      commitReports(recorder, input, decision);
      if (recorder.fatal === null && input.pool !== null) {
        decision.leased = leaseInTime(recorder, input.pool, input.max);
      }
      return;
    case "renew":
      decision.refused = renew(recorder, input.attempts);
      return;
    case "signal":
      decision.accepted = signal(recorder, input, input);
      return;
    case "child":
      decision.childOutputs = takeChildNews(recorder, input.news);
      decision.accepted = decision.childOutputs >= 0;
      return;
    case "pause":
      if (!recorder.state.paused) {
        recorder.emit({ type: "execution_paused" });
      }
      return;
    case "unpause":
      if (recorder.state.paused) {
        recorder.emit({ type: "execution_unpaused" });
      }
      return;
    case "tick":
      return tick(recorder);
    case "cancel":
      endRun(recorder, (stats) => ({ type: "execution_terminated", reason: input.reason, stats }));
  }
}

/**
 * Rule LC1: reports of running attempts are committed; those of attempts that the consumer began by itself only when it knew the state exactly
 * as it is, so that what it did is what the rules would have had it do.
 */
function commitReports(recorder: Recorder, input: Extract<Input, { type: "report" }>, decision: Decision): void {
  const { state } = recorder;
  const inStep = input.continuedFrom === state.lastSeq;
  for (const report of input.reports) {
    const { node_execution_id, attempt } = report;
    let execution: NodeExecution | undefined;
    if (report.begun !== true) {
      execution = openAttempt(state, node_execution_id, attempt);
    } else if (inStep) {
      execution = beginPure(recorder, node_execution_id, attempt);
    }
    if (recorder.fatal !== null || execution === undefined || !commitReport(recorder, execution, report)) {
      decision.refused.push({ node_execution_id, attempt });
    }
  }
}

/** Rule ST1 (autogpt.md §4.1): nodes without an incoming link and all input nodes are queued, in the graph's order. */
function start(recorder: Recorder, inputs: JsonObject): void {
  const { state } = recorder;
  if (state.status !== "INCOMPLETE") {
    return;
  }
  recorder.emit({ type: "execution_started", inputs });
  for (const index of state.plan.starts) {
    const plan = planNode(state, index);
    const name = plan.input_default.name;
    const given = plan.ui_type === "Input" && typeof name === "string" && Object.hasOwn(inputs, name);
    const literals: JsonObject = given ? { value: inputs[name] ?? null } : {};
    queueNode(recorder, { ne: newId(recorder), node: index, refs: [], literals });
  }
  propagate(recorder);
}

function tick(recorder: Recorder): void {
  const { state, env } = recorder;
  if (env.now >= runDeadline(state)) {
    const message = `The run took longer than its limit of ${state.plan.timeout_ms} ms.`;
    recorder.fatal = { code: "run_timeout", message };
    return;
  }
  failOverdue(recorder);
  promoteDelayed(recorder);
  resumeDue(recorder);
  expireLeases(recorder);
}

/** Rule EN1: the run ends when nothing is queued or running, or at once when it cannot go on. */
function settle(recorder: Recorder): void {
  const { state } = recorder;
  if (recorder.fatal !== null) {
    const error = recorder.fatal;
    endRun(recorder, (stats) => failed(error, stats));
    return;
  }
  if (isTerminal(state.status) || state.status === "INCOMPLETE") {
    return;
  }
  if (state.active > 0) {
    if (state.status === "RUNNING" && onlyReviewsLeft(state)) {
      recorder.emit({ type: "execution_review" });
    }
    return;
  }
  const error = state.unhandled;
  const stats = finalStats(recorder);
  recorder.emit(error === null ? { type: "execution_completed", stats } : failed(error, stats));
}

/** Rule WT5: a run in which everything left waits for people is in REVIEW. */
function onlyReviewsLeft(state: ExecutionState): boolean {
  if (state.waiting.size < state.active) {
    return false;
  }
  for (const { wait } of state.waiting) {
    if (wait?.kind !== "review") {
      return false;
    }
  }
  return true;
}

function failed(error: RunError, stats: RunStats): LogEvent {
  return { type: "execution_failed", error, stats };
}

/** Ends the run now: whatever is queued or running is TERMINATED first. */
function endRun(recorder: Recorder, last: (stats: RunStats) => LogEvent): void {
  const { state } = recorder;
  for (const execution of [...state.executions.values()]) {
    if (execution.status === "QUEUED" || execution.status === "RUNNING" || execution.status === "REVIEW") {
      const usage = usagePart(recorder.unendedUsage.get(execution.id));
      recorder.emit({ type: "node_terminated", ne: execution.id, node: execution.node, ...usage });
    }
  }
  recorder.emit(last(finalStats(recorder)));
}

function finalStats({ state, env }: Recorder): RunStats {
  return { ...state.stats, duration_ms: env.now - state.createdAt };
}
