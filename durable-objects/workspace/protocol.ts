import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";

/** What the workspace must know of a run to decide when it may start. The run's own object keeps it too, so that either can remind the other. */
export interface AdmissionTicket {
  execution_id: string;
  workspace_id: string;
  graph_id: string;
  /** The flow settings of the version that runs; null when it has none. */
  flow: FlowSettings | null;
  /** The values of the settings' keys in this run, hashed. Absent: the setting has no key. */
  keys: { concurrency?: string; throttle?: string; debounce?: string; singleton?: string };
}

/** Why a run that was accepted has not started. */
export interface QueuedReason {
  code: "concurrency" | "throttle" | "debounce" | "singleton" | "workspace_limit";
  message: string;
}

/** Leave to start runs without asking, for a short while (rules WC1 to WC4). */
export interface Credits {
  count: number;
  /** ms since the epoch */
  expires_at: number;
  /** What past runs say of blocks; only blocks that should run otherwise than they declare. */
  hints: Record<string, BlockHints>;
}

/** How a block is best run, from how it ran so far. Absent: as it declares. */
export interface BlockHints {
  pool?: BlockPool;
  /** Longest time between two signs of life, ms. */
  lease_ms?: number;
  /** Ready executions of this block that are worth one message. */
  per_message?: number;
}

export interface BeginRequest {
  ticket: AdmissionTicket;
  /** The caller's key, and what it asked for: the same key must come with the same request. */
  idempotency?: { key: string; fingerprint: string };
  /** The caller also wants leave for the starts after this one. */
  wants_credits?: true;
  /** The caller does not know how blocks are best run, or has not heard of it for long. */
  wants_hints?: true;
  /** The key's run was found never to have started: start it now, under the id that it has. */
  again?: true;
}

export type BeginAnswer =
  /** Start it now. With `counted` the run holds a place, and its object says when it is over. */
  | {
      kind: "start";
      execution_id: string;
      counted: boolean;
      credits: Credits | null;
      hints?: Record<string, BlockHints>;
    }
  /** Accepted; create it, it will be let go when its time comes. */
  | { kind: "hold"; execution_id: string; reason: QueuedReason; hints?: Record<string, BlockHints> }
  /** The key was used before: this is its run. */
  | { kind: "repeat"; execution_id: string }
  /** The key was used before for another request. */
  | { kind: "conflict" }
  /** Another run of this singleton is there. */
  | { kind: "skipped"; execution_id: string }
  | { kind: "too_many_queued"; scope: "agent" | "workspace"; queued: number; limit: number; retry_after_s: number };

/** One execution of a block, as the run saw it: `size` is about how many characters its outputs have as JSON. */
export type BlockSample = [durationMs: number, size: number, tokens: number, costUsd: number | null];

/** What a run took. */
export interface RunFigures {
  /** ms since the epoch */
  started_at: number;
  ended_at: number;
  /** Without the time that it only waited, as near as is known. */
  busy_ms: number;
  tokens: number;
  /** Null when nobody counted it. */
  cost_usd: number | null;
  /** About how many characters of JSON the largest of its node executions had as inputs and outputs. */
  size: number;
}

/** What the list of runs and the workspace are told of a run (a part of `ExecutionSummary`). */
export interface RunReport {
  execution_id: string;
  workspace_id: string;
  graph_id: string;
  /** It is over. */
  ended: boolean;
  /** Nothing of it goes on, and it holds no place (rule WA6). */
  waiting: boolean;
  /** Of a run that ended by itself and had started; null otherwise. */
  figures: RunFigures | null;
  /** By block id. */
  blocks: Record<string, BlockSample[]>;
}

/** Quantiles of one figure. */
export interface Quantiles {
  p50: number;
  p90: number;
  p99: number;
}

export interface Outlier {
  execution_id: string;
  duration_ms: number;
  /** 99 % of the runs before it took no longer. */
  p99_ms: number;
  /** ms since the epoch */
  at: number;
}

export type MemoryClass = "small" | "large";

/** What a run of an agent is expected to take. Null where nothing is known yet. */
export interface RunEstimate {
  sample_size: number;
  /** Which runs it is taken from: those of the same hour of the week, of the same hour of any day, or all; or none, but what its blocks took in other agents. */
  basis: "hour_of_week" | "hour_of_day" | "all" | "blocks" | "none";
  duration_ms: Quantiles | null;
  tokens: Quantiles | null;
  cost_usd: Quantiles | null;
  /** Characters of JSON that the largest node execution of a run has as inputs and outputs. */
  size: Quantiles | null;
  /** `large`: one run in ten or more has values that need the room of the memory pool. */
  memory_class: MemoryClass | null;
}

export interface Estimate extends RunEstimate {
  /** Runs that are waiting for a place before one that is started now. */
  queued_before: number;
  outliers: Outlier[];
}

/** What of a graph tells how long its runs take. */
export interface GraphOutline {
  /**
   * `next`: indexes of the nodes that links lead to. `pure`: it reaches nothing outside. `block_id` is null where executions of the block say nothing of the
   * node's own, as with one that runs an agent.
   */
  nodes: { block_id: string | null; pure: boolean; next: number[] }[];
}

/** Where a run stands with the workspace. */
export type Standing =
  /** It may run. */
  { kind: "admitted" } | { kind: "queued"; reason: QueuedReason };

/** The RPC surface of `WorkspaceObject`. Only the Worker and the runs' objects call it; the object's name is the workspace's id. */
export interface WorkspaceRpc {
  /** Whether a run may start: one call for key, limits and place in the queue. */
  begin(request: BeginRequest): Promise<BeginAnswer>;
  /** Leave to start runs of agents without flow settings for a while. */
  credits(): Promise<Credits>;
  /** How blocks are best run, for starts that ask the workspace nothing else. */
  hints(): Promise<Record<string, BlockHints>>;
  /** These runs are over or waiting: their places are free. Repeating it changes nothing. */
  release(executionIds: string[], why: "ended" | "waiting"): Promise<void>;
  /** A run wants to go on after it waited, or asks where it stands. It is let go by `admit` of its object when it must queue. */
  reacquire(ticket: AdmissionTicket): Promise<Standing>;
  /** News of runs, for the running count and for predictions. */
  observe(reports: RunReport[]): Promise<void>;
  estimate(graphId: string): Promise<Estimate>;
  /** For an agent that never ran. Null when too little is known of its blocks. */
  estimateFromBlocks(outline: GraphOutline): Promise<RunEstimate | null>;
  /** The run that a key stands for, without starting anything. */
  lookUp(idempotency: {
    key: string;
    fingerprint: string;
  }): Promise<Extract<BeginAnswer, { kind: "repeat" | "conflict" }> | null>;
}

/** What the workspace asks of a run's object. */
export interface AdmittedRun {
  /** Lets a held run go; otherwise changes nothing. Answers how the run stands; `idle`: nothing of it goes on (rule WA6). */
  admit(
    workspaceId: string,
  ): Promise<{ ok: true; value: { ended: boolean; idle: boolean } } | { ok: false; code: string }>;
  cancel(workspaceId: string, reason: string): Promise<{ ok: boolean; code?: string }>;
}
