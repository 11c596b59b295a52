import type { NodeUsage, Reused } from "#graph/run/event.ts";
import { isTerminal } from "#graph/run/status.ts";
import { addCost } from "#graph/run/usage.ts";
import type { LogBatch, LogEvent } from "./log-event.ts";
import { Fifo } from "./fifo.ts";
import { resolve } from "./resolve-ref.ts";
import { becameBusy, becameIdle, hold, measured } from "./gathering.ts";
import { takeGathered } from "./take-gathered.ts";
import { initialState, nodeState, planNode } from "./state.ts";
import type { ExecutionState, NodeExecution, NodeState, PendingOutput } from "./state.ts";
import { isTimed } from "./total-limit.ts";

/**
 * Folds events into a run's state. Owns: every change of `ExecutionState`. Does not own: any decision, any rule about what may
 * happen next (decide.ts and its parts), any I/O.
 *
 * The state is changed in place: a run of 100,000 node executions must not copy itself 100,000 times. Whoever folds events
 * that are then not committed throws the state away and loads it again.
 */
export function evolveBatch(state: ExecutionState, batch: LogBatch): ExecutionState {
  for (const event of batch.events) {
    evolve(state, event, batch.at);
  }
  endBatch(state);
  return state;
}

/** Forgets what only events of one batch may name. */
export function endBatch(state: ExecutionState): void {
  state.fresh.clear();
  if (state.released.length > 0) {
    state.released = new Fifo();
  }
}

type EventOf<T extends LogEvent["type"]> = Extract<LogEvent, { type: T }>;

export function evolve(state: ExecutionState, event: LogEvent, at: number): void {
  state.lastSeq += 1;
  state.lastAt = at;
  switch (event.type) {
    case "execution_started":
      state.status = "QUEUED";
      state.inputs = event.inputs;
      state.beganAt = at;
      return;
    case "execution_running":
      state.status = "RUNNING";
      state.startedAt ??= at;
      return;
    case "node_input":
      return evolveInput(state, event);
    case "node_queued":
      return evolveQueued(state, event);
    case "execution_output":
      return evolveRunOutput(state, event);
    case "node_started":
      return evolveStarted(state, event, at);
    case "node_output":
      return evolveOutput(state, event);
    case "node_completed":
    case "node_failed":
    case "node_terminated":
      return evolveEnded(state, event);
    case "node_retrying":
      return evolveRetrying(state, event, at);
    case "node_waiting":
      return evolveWaiting(state, event, at);
    case "node_resumed":
      return evolveResumed(state, event);
    case "execution_review":
      state.status = "REVIEW";
      return;
    case "execution_paused":
      state.paused = true;
      state.pauseChangedAt = at;
      return;
    case "execution_unpaused":
      state.paused = false;
      state.pauseChangedAt = at;
      return;
    case "execution_completed":
    case "execution_failed":
    case "execution_terminated":
      return evolveRunEnded(state, event, at);
    default:
      return unknownEvent(event);
  }
}

function unknownEvent(event: never): never {
  throw new Error(`unknown event ${JSON.stringify(event)}`);
}

function createExecution(state: ExecutionState, id: string, node: number): NodeExecution {
  const { linked_pins, static_pins } = planNode(state, node);
  const execution: NodeExecution = {
    id,
    node,
    status: "INCOMPLETE",
    input: new Map(),
    literals: undefined,
    gathered: null,
    missing: linked_pins.length - static_pins.length,
    attempt: 0,
    failures: 0,
    lost: 0,
    outputs: 0,
    outputBase: 0,
    wait: null,
    waitingSince: 0,
    resume: null,
    held: [],
    triedSince: null,
    startedAt: 0,
    leaseUntil: 0,
    consumer: "",
    notBefore: 0,
  };
  state.created += 1;
  state.executions.set(id, execution);
  return execution;
}

function evolveInput(state: ExecutionState, event: EventOf<"node_input">): void {
  const node = nodeState(state, event.node);
  const { linked_pins, static_pins, gathers } = planNode(state, event.node);
  let execution = state.executions.get(event.ne);
  if (execution === undefined) {
    execution = createExecution(state, event.ne, event.node);
    addLacking(node, execution, { linked_pins, but: event.pin });
  }
  const bound = { ref: event.ref, value: resolve(state, event.node, event.pin, event.ref) };
  if (node.gathering !== null) {
    if (event.pin === gathers?.pin) {
      hold(node.gathering, measured(bound));
    } else {
      execution.input.set(event.pin, bound);
    }
    return;
  }
  execution.input.set(event.pin, bound);
  if (!static_pins.includes(event.pin)) {
    execution.missing -= 1;
  }
  if (execution.missing === 0) {
    node.awaitingStatic.add(execution);
  }
}

function addLacking(
  node: NodeState,
  execution: NodeExecution,
  { linked_pins, but }: { linked_pins: readonly string[]; but: string },
): void {
  if (node.gathering !== null) {
    node.gathering.open.push(execution);
    return;
  }
  for (const pin of linked_pins) {
    if (pin !== but) {
      lackingAt(node, pin).push(execution);
    }
  }
}

function lackingAt(node: NodeState, pin: string): Fifo<NodeExecution> {
  let lacking = node.lacking.get(pin);
  if (lacking === undefined) {
    lacking = new Fifo();
    node.lacking.set(pin, lacking);
  }
  return lacking;
}

function evolveQueued(state: ExecutionState, event: EventOf<"node_queued">): void {
  const node = nodeState(state, event.node);
  const execution = state.executions.get(event.ne) ?? createExecution(state, event.ne, event.node);
  for (const [pin, ref] of event.refs) {
    if (!execution.input.has(pin)) {
      execution.input.set(pin, { ref, value: resolve(state, event.node, pin, ref) });
    }
  }
  execution.literals = event.literals;
  takeGathered(state, execution, event);
  execution.status = "QUEUED";
  node.awaitingStatic.delete(execution);
  for (const pin of planNode(state, event.node).static_pins) {
    const bound = execution.input.get(pin);
    if (bound !== undefined) {
      node.latest.set(pin, bound);
    }
  }
  if (node.order.length === 0) {
    becameBusy(state, event.node);
  }
  node.order.push(execution);
  makeReady(state, execution);
  state.reuse?.queued(event.node);
  state.active += 1;
  state.stats.node_execution_count += 1;
}

/** Puts a QUEUED execution where leases are taken from. */
export function makeReady(state: ExecutionState, execution: NodeExecution): void {
  readyQueue(state, execution).push(execution);
}

function readyQueue(state: ExecutionState, execution: NodeExecution): Fifo<NodeExecution> {
  const { pool, effects } = planNode(state, execution.node);
  return state.ready[pool][effects === "pure" ? "pure" : "effectful"];
}

function evolveRunOutput(state: ExecutionState, event: EventOf<"execution_output">): void {
  const bound = state.executions.get(event.ne)?.input.get("value");
  const value = event.ref === undefined ? (event.value ?? null) : (bound?.value ?? null);
  const values = state.outputs.get(event.name);
  if (values === undefined) {
    state.outputs.set(event.name, [value]);
  } else {
    values.push(value);
  }
}

function mustHave(state: ExecutionState, ne: string): NodeExecution {
  const execution = state.executions.get(ne);
  if (execution === undefined) {
    throw new Error(`the log names node execution ${ne}, which is not open`);
  }
  return execution;
}

function evolveStarted(state: ExecutionState, event: EventOf<"node_started">, at: number): void {
  const execution = mustHave(state, event.ne);
  const queue = readyQueue(state, execution);
  if (queue.peek() === execution) {
    queue.shift();
  } else {
    queue.takeBack(execution);
  }
  state.delayed.delete(execution);
  execution.status = "RUNNING";
  execution.attempt = event.attempt;
  execution.startedAt = at;
  execution.triedSince ??= at;
  if (isTimed(planNode(state, event.node), execution)) {
    state.timed.add(execution);
  }
  state.running.add(execution);
}

function evolveOutput(state: ExecutionState, event: EventOf<"node_output">): void {
  const execution = mustHave(state, event.ne);
  const output: PendingOutput = { node: event.node, seq: state.lastSeq, pin: event.pin, value: event.value };
  if (event.parts !== undefined) {
    output.parts = event.parts;
  }
  execution.outputs += 1;
  if (nodeState(state, event.node).order.peek() === execution) {
    release(state, output);
  } else {
    execution.held.push(output);
  }
}

function release(state: ExecutionState, output: PendingOutput): void {
  state.fresh.set(output.seq, output);
  state.released.push(output);
}

function evolveEnded(
  state: ExecutionState,
  event: EventOf<"node_completed"> | EventOf<"node_failed"> | EventOf<"node_terminated">,
): void {
  const execution = mustHave(state, event.ne);
  if (event.type === "node_failed" && execution.status === "QUEUED" && !state.delayed.has(execution)) {
    // Its time was over before anybody took it: nobody is to be called for it any more.
    readyQueue(state, execution).remove(execution);
  }
  state.running.delete(execution);
  state.delayed.delete(execution);
  state.waiting.delete(execution);
  state.timed.delete(execution);
  if (event.type === "node_terminated" && execution.wait?.kind === "child") {
    state.orphaned.add(execution.id);
  }
  execution.wait = null;
  state.active -= 1;
  switch (event.type) {
    case "node_completed":
      execution.status = "COMPLETED";
      if (event.reused === "memo") {
        state.reuse?.take(execution);
      }
      break;
    case "node_failed":
      execution.status = "FAILED";
      state.stats.node_error_count += 1;
      if (!event.handled) {
        state.unhandled ??= event.error;
      }
      break;
    case "node_terminated":
      execution.status = "TERMINATED";
      break;
  }
  count(state, event);
  passOn(state, execution.node);
}

/** Lets go of ended executions at the head of their node's order; what the next one held back may travel (rule FF1). */
function passOn(state: ExecutionState, index: number): void {
  const node = nodeState(state, index);
  let head = node.order.peek();
  while (head !== undefined && isTerminal(head.status)) {
    node.order.shift();
    state.executions.delete(head.id);
    head = node.order.peek();
    if (head !== undefined) {
      for (const output of head.held) {
        release(state, output);
      }
      head.held = [];
    }
  }
  if (head === undefined) {
    becameIdle(state, index);
  }
}

function evolveRetrying(state: ExecutionState, event: EventOf<"node_retrying">, at: number): void {
  const execution = mustHave(state, event.ne);
  state.running.delete(execution);
  execution.status = "QUEUED";
  execution.notBefore = event.retry_at;
  if (event.lost) {
    execution.lost += 1;
  } else {
    execution.failures += 1;
  }
  count(state, event);
  if (event.retry_at > at) {
    state.delayed.add(execution);
  } else {
    makeReady(state, execution);
  }
}

function evolveWaiting(state: ExecutionState, event: EventOf<"node_waiting">, at: number): void {
  const execution = mustHave(state, event.ne);
  state.running.delete(execution);
  state.waiting.add(execution);
  execution.wait = event.wait;
  execution.triedSince = null;
  state.timed.delete(execution);
  execution.waitingSince = at;
  execution.status = event.wait.kind === "review" ? "REVIEW" : "RUNNING";
  count(state, event);
}

/** Rules US1 and RU4: the usage of a result that was taken over was counted by the run that found it. */
function count(
  { stats }: ExecutionState,
  { duration_ms, usage, reused }: { duration_ms?: number; usage?: NodeUsage; reused?: Reused },
): void {
  stats.node_time_ms += duration_ms ?? 0;
  if (reused !== undefined || usage === undefined) {
    return;
  }
  stats.input_tokens += usage.input_tokens ?? 0;
  stats.output_tokens += usage.output_tokens ?? 0;
  const cost = addCost(stats.cost_usd, usage.cost_usd);
  if (cost !== undefined) {
    stats.cost_usd = cost;
  }
}

function evolveResumed(state: ExecutionState, event: EventOf<"node_resumed">): void {
  const execution = mustHave(state, event.ne);
  state.waiting.delete(execution);
  execution.resume = { reason: event.reason, state: execution.wait?.state ?? null, data: event.data };
  execution.wait = null;
  execution.outputBase = execution.outputs;
  execution.status = "QUEUED";
  if (event.auto_approve === true) {
    state.autoApproved.add(event.node);
  }
  makeReady(state, execution);
}

function evolveRunEnded(
  state: ExecutionState,
  event: EventOf<"execution_completed"> | EventOf<"execution_failed"> | EventOf<"execution_terminated">,
  at: number,
): void {
  const none = initialState(state.plan, state.createdAt);
  const { executions, nodes, due, ready, delayed, running, waiting, timed } = none;
  Object.assign(state, { executions, nodes, due, ready, delayed, running, waiting, timed, active: 0, paused: false });
  state.stats = event.stats;
  state.endedAt = at;
  switch (event.type) {
    case "execution_completed":
      state.status = "COMPLETED";
      return;
    case "execution_failed":
      state.status = "FAILED";
      state.error = event.error;
      return;
    case "execution_terminated":
      state.status = "TERMINATED";
      return;
  }
}
