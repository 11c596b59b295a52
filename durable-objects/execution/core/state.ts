import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { gatheringBelow } from "#graph/plan/gathering.ts";
import type { GatheringBelow } from "#graph/plan/gathering.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import type { RunError, RunStats } from "#graph/run/event.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { Resume, Wait } from "#graph/run/wait.ts";
import { Fifo } from "./fifo.ts";
import { newGathering } from "./gathering.ts";
import type { GatheredValue, Gathering } from "./gathering.ts";
import type { ValueRef } from "./log-event.ts";
import { ReuseBook } from "./reuse.ts";
import type { Reuse } from "./reuse.ts";
import type { Parts } from "./stored-value.ts";

/** A value at a pin, and where in the log it came from. */
export interface BoundValue {
  ref: ValueRef;
  value: JsonValue;
}

/** An output that waits to travel along its node's links. */
export interface PendingOutput {
  node: number;
  seq: number;
  pin: string;
  value: JsonValue;
  parts?: Parts;
}

/** A node execution that is not over: waiting for inputs, ready, running, or ended behind an earlier one of its node. */
export interface NodeExecution {
  id: string;
  node: number;
  status: ExecutionStatus;
  input: Map<string, BoundValue>;
  /** Values that no output produced: the run's inputs, and those of a fork. They lie over `input`. */
  literals: JsonObject | undefined;
  /** The values that it gathered, and the pin whose list they are; null where the node does not gather. */
  gathered: { pin: string; values: GatheredValue[] } | null;
  /** Linked pins still empty that no static link feeds. */
  missing: number;
  attempt: number;
  /** Failed attempts so far, lost leases not counted. */
  failures: number;
  /** Attempts whose consumer vanished. */
  lost: number;
  /** Outputs committed over all attempts: a new attempt's outputs below this count are repeats. */
  outputs: number;
  /** Outputs committed before the last wait: an attempt counts its own from here. */
  outputBase: number;
  /** What it waits for; it is neither queued nor running then. */
  wait: Wait | null;
  /** ms since the epoch: the wait began. */
  waitingSince: number;
  /** What the next attempt is told about the wait that is over. */
  resume: Resume | null;
  /** Outputs of an execution that is not yet the oldest of its node (rule FF1). */
  held: PendingOutput[];
  /** ms since the epoch: the first attempt since it was last queued or went on after a wait began; null before. */
  triedSince: number | null;
  /** ms since the epoch: the running attempt began. */
  startedAt: number;
  /** ms since the epoch: the lease ends. Not logged: renewed in memory, generous after a reload. */
  leaseUntil: number;
  /** Who holds the running attempt; empty after a reload. Not logged. */
  consumer: string;
  /** ms since the epoch: not before this time (backoff). */
  notBefore: number;
}

/** What the join rule needs to know of one node. */
export interface NodeState {
  /** By pin: INCOMPLETE executions in order of creation that may lack it; stale entries are skipped when met. */
  lacking: Map<string, Fifo<NodeExecution>>;
  /** INCOMPLETE executions that lack static pins only. */
  awaitingStatic: Set<NodeExecution>;
  /** Queued, running and ended executions in dispatch order; the head's outputs travel. */
  order: Fifo<NodeExecution>;
  /** Static pins' values of the most recently queued execution. */
  latest: Map<string, BoundValue>;
  /** Null for a node that does not gather. */
  gathering: Gathering | null;
}

export interface ReadyQueue {
  pure: Fifo<NodeExecution>;
  effectful: Fifo<NodeExecution>;
}

/**
 * A run in memory. `evolve` is the only writer, and everything here is a function of the log, but for `leaseUntil`.
 * Node executions that are over and have passed on their outputs are gone from here; the log has them.
 */
export interface ExecutionState {
  plan: Plan;
  status: ExecutionStatus;
  inputs: JsonObject;
  outputs: Map<string, JsonValue[]>;
  error: RunError | null;
  /** The first unhandled node failure: the run will end FAILED with it. */
  unhandled: RunError | null;
  lastSeq: number;
  /** ms since the epoch: when the last event was logged; the creation before there is one. */
  lastAt: number;
  /** ms since the epoch: when work last became ready because its time had come; 0 while none has. After a reload the next tick finds it again. */
  promotedAt: number;
  createdAt: number;
  /** ms since the epoch: the run was started; for a held one that is later than it was created. */
  beganAt: number | null;
  /** ms since the epoch: its first node was handed out. */
  startedAt: number | null;
  endedAt: number | null;
  stats: RunStats;
  /** Node executions ever created; the next id. */
  created: number;
  /** Node executions queued or running. */
  active: number;
  executions: Map<string, NodeExecution>;
  nodes: NodeState[];
  ready: Record<BlockPool, ReadyQueue>;
  /** QUEUED executions that wait for `notBefore`. */
  delayed: Set<NodeExecution>;
  running: Set<NodeExecution>;
  waiting: Set<NodeExecution>;
  /** Those whose attempts have a limit of time together, which counts: since the first attempt, and not while they wait. */
  timed: Set<NodeExecution>;
  /** Node executions that were terminated while they waited for a run that they had started: empty until the run ends. */
  orphaned: Set<string>;
  paused: boolean;
  /** ms since the epoch: the run was last paused or let go on; 0: never. */
  pauseChangedAt: number;
  /** Nodes whose further reviews in this run are approved by themselves. */
  autoApproved: Set<number>;
  /** What the run has from an earlier one; null for most runs. */
  reuse: ReuseBook | null;
  /** By node: those that gather until the end and come after it; null when none does. A function of the plan. */
  below: GatheringBelow | null;
  /** Nodes that gather until the end, which has come. */
  due: Set<number>;
  /** Within a batch: outputs by seq that refs of later events may name. */
  fresh: Map<number, PendingOutput>;
  /** Within a batch: outputs in the order in which they must travel. */
  released: Fifo<PendingOutput>;
}

export function emptyStats(): RunStats {
  return {
    duration_ms: 0,
    node_time_ms: 0,
    node_execution_count: 0,
    node_error_count: 0,
    input_tokens: 0,
    output_tokens: 0,
  };
}

/** Worked out once for a plan, which never changes. */
const belowByPlan = new WeakMap<Plan, GatheringBelow | null>();

function belowIn(plan: Plan): GatheringBelow | null {
  let below = belowByPlan.get(plan);
  if (below === undefined) {
    below = gatheringBelow(plan.nodes);
    belowByPlan.set(plan, below);
  }
  return below;
}

export function initialState(plan: Plan, createdAt: number, reuse?: Reuse): ExecutionState {
  return {
    plan,
    status: "INCOMPLETE",
    inputs: {},
    outputs: new Map(),
    error: null,
    unhandled: null,
    lastSeq: 0,
    lastAt: createdAt,
    promotedAt: 0,
    createdAt,
    beganAt: null,
    startedAt: null,
    endedAt: null,
    stats: emptyStats(),
    created: 0,
    active: 0,
    executions: new Map(),
    nodes: plan.nodes.map(({ gathers }) => ({
      lacking: new Map(),
      awaitingStatic: new Set(),
      order: new Fifo(),
      latest: new Map(),
      gathering: gathers === undefined ? null : newGathering(),
    })),
    ready: {
      io: { pure: new Fifo(), effectful: new Fifo() },
      cpu: { pure: new Fifo(), effectful: new Fifo() },
      memory: { pure: new Fifo(), effectful: new Fifo() },
    },
    delayed: new Set(),
    running: new Set(),
    waiting: new Set(),
    timed: new Set(),
    orphaned: new Set(),
    paused: false,
    pauseChangedAt: 0,
    autoApproved: new Set(),
    reuse: reuse === undefined ? null : new ReuseBook(plan, reuse),
    below: belowIn(plan),
    due: new Set(),
    fresh: new Map(),
    released: new Fifo(),
  };
}

/** The plan's node at an index that comes from the plan itself or from the log. */
export function planNode(state: ExecutionState, index: number): PlanNode {
  const node = state.plan.nodes[index];
  if (node === undefined) {
    throw new Error(`the plan has no node ${index}`);
  }
  return node;
}

export function nodeState(state: ExecutionState, index: number): NodeState {
  const node = state.nodes[index];
  if (node === undefined) {
    throw new Error(`the plan has no node ${index}`);
  }
  return node;
}
