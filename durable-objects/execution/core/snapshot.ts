import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { RunError, RunStats } from "#graph/run/event.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import { Fifo } from "./fifo.ts";
import { becameBusy, hold } from "./gathering.ts";
import type { GatheredValue } from "./gathering.ts";
import type { ValueRef } from "./log-event.ts";
import { ReuseBook } from "./reuse.ts";
import type { Reuse, SavedReuse } from "./reuse.ts";
import { initialState, nodeState, planNode } from "./state.ts";
import type { BoundValue, ExecutionState, NodeExecution, NodeState, PendingOutput } from "./state.ts";
import { isTimed } from "./total-limit.ts";

/**
 * What a stored snapshot is read by. A change after which `restoreSnapshot` would misread what older code has written, or the other way round, is a
 * new version: a snapshot of another version is not read, the log is folded instead.
 */
export const SNAPSHOT_VERSION = 2;

type SavedBinding = [pin: string, ref: ValueRef, value: JsonValue];

interface SavedExecution extends Omit<NodeExecution, "input" | "leaseUntil" | "consumer"> {
  input: SavedBinding[];
}

interface SavedNode {
  node: number;
  awaitingStatic: string[];
  order: string[];
  latest: SavedBinding[];
  /** Of a node that gathers. */
  gathering: { pool: GatheredValue[]; reached: boolean; done: boolean } | null;
}

/**
 * A run's state between two batches as plain JSON: what `evolveBatch` would have made of the log up to `seq`. For a replica the values that
 * no rule looks at (the run's inputs and outputs) are left out.
 */
export interface Snapshot {
  seq: number;
  /** Missing in those of older code. */
  lastAt?: number;
  status: ExecutionStatus;
  inputs: JsonObject;
  outputs: [name: string, values: JsonValue[]][];
  error: RunError | null;
  unhandled: RunError | null;
  createdAt: number;
  beganAt: number | null;
  startedAt: number | null;
  endedAt: number | null;
  stats: RunStats;
  created: number;
  active: number;
  executions: SavedExecution[];
  nodes: SavedNode[];
  ready: [pool: BlockPool, kind: "pure" | "effectful", ids: string[]][];
  delayed: string[];
  running: string[];
  waiting: string[];
  paused: boolean;
  pauseChangedAt: number;
  autoApproved: number[];
  /** Absent: none, as in snapshots from before there was such a list. */
  orphaned?: string[];
  /** Null for a run that was not started from another one. */
  reuse: SavedReuse | null;
}

const POOLS: readonly BlockPool[] = ["io", "cpu", "memory"];
const KINDS = ["pure", "effectful"] as const;

export function takeSnapshot(state: ExecutionState, options: { replica?: boolean } = {}): Snapshot {
  return {
    seq: state.lastSeq,
    lastAt: state.lastAt,
    status: state.status,
    inputs: options.replica ? {} : state.inputs,
    outputs: options.replica ? [] : [...state.outputs],
    error: state.error,
    unhandled: state.unhandled,
    createdAt: state.createdAt,
    beganAt: state.beganAt,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    stats: { ...state.stats },
    created: state.created,
    active: state.active,
    executions: [...state.executions.values()].map(saveExecution),
    nodes: state.nodes.flatMap((node, index) =>
      node.order.length === 0 && node.latest.size === 0 && node.awaitingStatic.size === 0 && node.gathering === null
        ? []
        : [
            {
              node: index,
              awaitingStatic: [...node.awaitingStatic].map(({ id }) => id),
              order: node.order.toArray().map(({ id }) => id),
              latest: saveBindings(node.latest),
              gathering: saveGathering(node),
            },
          ],
    ),
    ready: POOLS.flatMap((pool) =>
      KINDS.flatMap((kind): Snapshot["ready"] => {
        const ids = state.ready[pool][kind]
          .toArray()
          .filter((execution) => isReady(state, execution))
          .map(({ id }) => id);
        return ids.length === 0 ? [] : [[pool, kind, ids]];
      }),
    ),
    delayed: [...state.delayed].map(({ id }) => id),
    running: [...state.running].map(({ id }) => id),
    waiting: [...state.waiting].map(({ id }) => id),
    paused: state.paused,
    pauseChangedAt: state.pauseChangedAt,
    autoApproved: [...state.autoApproved],
    ...(state.orphaned.size === 0 ? {} : { orphaned: [...state.orphaned] }),
    reuse: state.reuse?.save() ?? null,
  };
}

function saveGathering({ gathering }: NodeState): SavedNode["gathering"] {
  if (gathering === null) {
    return null;
  }
  const { pool, reached, done } = gathering;
  return { pool: pool.toArray(), reached, done };
}

function isReady(state: ExecutionState, execution: NodeExecution): boolean {
  return execution.status === "QUEUED" && !state.delayed.has(execution);
}

function saveBindings(bindings: Map<string, BoundValue>): SavedBinding[] {
  return [...bindings].map(([pin, { ref, value }]) => [pin, ref, value]);
}

function saveExecution(execution: NodeExecution): SavedExecution {
  const { leaseUntil: _lease, consumer: _consumer, input, ...rest } = execution;
  return { ...rest, held: [...execution.held], input: saveBindings(input) };
}

/** @param reuse the header's, for a run that was started from another one */
export function restoreSnapshot(plan: Plan, snapshot: Snapshot, reuse?: Reuse): ExecutionState {
  const state = initialState(plan, snapshot.createdAt);
  state.reuse = restoreReuse(plan, snapshot.reuse, reuse);
  const { status, inputs, error, unhandled, beganAt, startedAt, endedAt, created, active } = snapshot;
  Object.assign(state, { status, inputs, error, unhandled, beganAt, startedAt, endedAt, created, active });
  state.lastSeq = snapshot.seq;
  state.lastAt = snapshot.lastAt ?? snapshot.startedAt ?? snapshot.createdAt;
  state.stats = { ...snapshot.stats };
  state.outputs = new Map(snapshot.outputs.map(([name, values]) => [name, [...values]]));
  for (const saved of snapshot.executions) {
    restoreExecution(state, saved);
  }
  const open = (id: string): NodeExecution => {
    const execution = state.executions.get(id);
    if (execution === undefined) {
      throw new Error(`the snapshot names node execution ${id}, which it does not have`);
    }
    return execution;
  };
  for (const saved of snapshot.nodes) {
    const node = nodeState(state, saved.node);
    node.awaitingStatic = new Set(saved.awaitingStatic.map(open));
    saved.order.forEach((id) => node.order.push(open(id)));
    node.latest = restoreBindings(saved.latest);
    if (node.gathering !== null && saved.gathering !== null) {
      const { pool, reached, done } = saved.gathering;
      const { gathering } = node;
      pool.forEach((value) => hold(gathering, value));
      Object.assign(gathering, { reached, done });
    }
  }
  countBusy(state);
  for (const [pool, kind, ids] of snapshot.ready) {
    ids.forEach((id) => state.ready[pool][kind].push(open(id)));
  }
  state.delayed = new Set(snapshot.delayed.map(open));
  state.running = new Set(snapshot.running.map(open));
  state.waiting = new Set(snapshot.waiting.map(open));
  state.paused = snapshot.paused;
  state.pauseChangedAt = snapshot.pauseChangedAt;
  state.autoApproved = new Set(snapshot.autoApproved);
  state.orphaned = new Set(snapshot.orphaned);
  return state;
}

/** What gathers until the end waits for the nodes before it that have executions. Between two batches there is always one, or nothing is left to fire. */
function countBusy(state: ExecutionState): void {
  for (const [index, { order }] of state.nodes.entries()) {
    if (order.length > 0) {
      becameBusy(state, index);
    }
  }
}

function restoreReuse(plan: Plan, saved: SavedReuse | null, reuse: Reuse | undefined): ReuseBook | null {
  if (saved === null) {
    return null;
  }
  if (reuse === undefined) {
    throw new Error(
      "the snapshot is of a run that was started from another one, and what it has from there is not given",
    );
  }
  return new ReuseBook(plan, reuse, saved);
}

function restoreBindings(saved: SavedBinding[]): Map<string, BoundValue> {
  return new Map(saved.map(([pin, ref, value]) => [pin, { ref, value }]));
}

/** Executions come in order of creation, so the queues of those that lack a pin, or gather, come out in theirs. */
function restoreExecution(state: ExecutionState, saved: SavedExecution): void {
  const held: PendingOutput[] = [...saved.held];
  const input = restoreBindings(saved.input);
  // JSON has no undefined.
  const { literals } = saved;
  const execution: NodeExecution = { ...saved, literals, held, leaseUntil: 0, consumer: "", input };
  state.executions.set(execution.id, execution);
  const open = execution.status === "RUNNING" || execution.status === "QUEUED";
  if (open && isTimed(planNode(state, execution.node), execution)) {
    state.timed.add(execution);
  }
  if (execution.status !== "INCOMPLETE") {
    return;
  }
  const node = nodeState(state, execution.node);
  if (node.gathering !== null) {
    node.gathering.open.push(execution);
    return;
  }
  for (const pin of planNode(state, execution.node).linked_pins) {
    if (!execution.input.has(pin)) {
      const lacking = node.lacking.get(pin) ?? new Fifo<NodeExecution>();
      node.lacking.set(pin, lacking);
      lacking.push(execution);
    }
  }
}
