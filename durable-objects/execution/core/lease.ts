import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { makeReady } from "./evolve.ts";
import type { Fifo } from "./fifo.ts";
import type { Recorder } from "./recorder.ts";
import { roughInputLength } from "./rough-length.ts";
import { mayRepeatLost, MAX_LOST_ATTEMPTS } from "./retry-policy.ts";
import { failNode } from "./report.ts";
import { planNode } from "./state.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";
import { totalDeadline } from "./total-limit.ts";

/** Handing out work and taking it back. Rules LS1 to LS6 of SPEC.md. */

/** Pure node executions that one answer may carry, besides the effectful ones that were asked for. */
const MAX_PURE_LEASES = 64;

/** About how many characters of inputs one answer carries, besides one that is larger: a call takes 32 MiB. */
const MAX_INPUT_LENGTH = 8_000_000;

/** Leases up to `max` effectful and a bounded number of pure node executions of a pool. */
export function lease(recorder: Recorder, pool: BlockPool, max: number): NodeExecution[] {
  const { state } = recorder;
  if (state.paused) {
    return [];
  }
  promoteDelayed(recorder);
  const taken: NodeExecution[] = [];
  const left = take(recorder, state.ready[pool].effectful, { max, length: MAX_INPUT_LENGTH, taken });
  take(recorder, state.ready[pool].pure, { max: MAX_PURE_LEASES, length: left, taken });
  return taken;
}

/** Answers how much of `length` is left. */
function take(
  recorder: Recorder,
  queue: Fifo<NodeExecution>,
  { max, length, taken }: { max: number; length: number; taken: NodeExecution[] },
): number {
  const { state } = recorder;
  let left = length;
  for (let count = 0; count < max;) {
    const execution = queue.peek();
    if (execution === undefined) {
      break;
    }
    if (execution.status !== "QUEUED" || state.delayed.has(execution)) {
      queue.shift();
      continue;
    }
    const needed = roughInputLength(execution);
    if (taken.length > 0 && needed > left) {
      break;
    }
    left -= needed;
    count += 1;
    start(recorder, execution);
    taken.push(execution);
  }
  return left;
}

/** Rule LC2: logs the start of a ready pure node execution that its consumer began without asking. Undefined when it is not one. */
export function beginPure(recorder: Recorder, ne: string, attempt: number): NodeExecution | undefined {
  const { state } = recorder;
  const execution = state.executions.get(ne);
  if (
    state.paused ||
    execution?.status !== "QUEUED" ||
    execution.attempt + 1 !== attempt ||
    state.delayed.has(execution)
  ) {
    return undefined;
  }
  const node = planNode(state, execution.node);
  if (node.effects !== "pure" || totalDeadline(node, execution) <= recorder.env.now) {
    return undefined;
  }
  start(recorder, execution);
  return execution;
}

function start(recorder: Recorder, execution: NodeExecution): void {
  if (recorder.state.status !== "RUNNING") {
    recorder.emit({ type: "execution_running" });
  }
  recorder.emit({ type: "node_started", ne: execution.id, node: execution.node, attempt: execution.attempt + 1 });
  execution.leaseUntil = recorder.env.now + recorder.env.leaseMs;
}

/** Makes ready what waited for a time that has come. */
export function promoteDelayed(recorder: Recorder): void {
  const { state, env } = recorder;
  for (const execution of state.delayed) {
    if (execution.notBefore <= env.now) {
      state.delayed.delete(execution);
      makeReady(state, execution);
      state.promotedAt = Math.max(state.promotedAt, execution.notBefore);
    }
  }
}

/** Rule LS4: takes back what was not renewed in time. */
export function expireLeases(recorder: Recorder): void {
  const { state, env } = recorder;
  for (const execution of [...state.running]) {
    if (execution.leaseUntil <= env.now && recorder.fatal === null) {
      loseAttempt(recorder, execution);
    }
  }
}

function loseAttempt(recorder: Recorder, execution: NodeExecution): void {
  const plan = planNode(recorder.state, execution.node);
  const durationMs = recorder.env.now - execution.startedAt;
  if (!mayRepeatLost(plan)) {
    failNode(recorder, execution, {
      durationMs,
      error: {
        code: "outcome_unknown",
        message:
          "The consumer that ran this node vanished, and whether the node had its effect is unknown. " +
          "It is not repeated by itself: check the effect, then run again.",
        node_id: plan.id,
      },
    });
    return;
  }
  if (execution.lost + 1 >= MAX_LOST_ATTEMPTS) {
    failNode(recorder, execution, {
      durationMs,
      error: {
        code: "attempts_exhausted",
        message: `${MAX_LOST_ATTEMPTS} consumers vanished while they ran this node. It probably uses too much memory or time.`,
        node_id: plan.id,
      },
    });
    return;
  }
  recorder.emit({
    type: "node_retrying",
    ne: execution.id,
    node: execution.node,
    attempt: execution.attempt,
    error: { code: "lease_lost", message: "The consumer gave no sign of life in time; the node is handed out again." },
    retry_at: recorder.env.now,
    lost: true,
  });
}

/** Extends the leases of attempts that are still wanted; answers the others. */
export function renew(
  recorder: Recorder,
  attempts: { node_execution_id: string; attempt: number }[],
): { node_execution_id: string; attempt: number }[] {
  const { state, env } = recorder;
  return attempts.filter(({ node_execution_id, attempt }) => {
    const execution = openAttempt(state, node_execution_id, attempt);
    if (execution === undefined) {
      return true;
    }
    execution.leaseUntil = env.now + env.leaseMs;
    return false;
  });
}

/** The node execution, if exactly this attempt of it is running. */
export function openAttempt(state: ExecutionState, ne: string, attempt: number): NodeExecution | undefined {
  const execution = state.executions.get(ne);
  const open = execution?.status === "RUNNING" && execution.wait === null && execution.attempt === attempt;
  return open ? execution : undefined;
}
