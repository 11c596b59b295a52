import type { JsonObject, JsonValue } from "../json.ts";
import type { NodeUsage, Reused, RunError, RunStats } from "./event.ts";
import type { ExecutionStatus } from "./status.ts";
import type { WaitKind } from "./wait.ts";

/** Executions of one node whose values a view keeps: the last ones that something happened to. */
export const KEPT_EXECUTIONS = 5;
/** Values of one pin that a view keeps for one node execution: the last ones. `output_counts` counts them all. */
export const KEPT_VALUES = 100;

/** What a link has carried. */
export interface EdgeView {
  /** Values that left the source through this link. */
  count: number;
  /** `seq` of the event that brought the latest one. */
  last_seq: number;
}

export interface NodeExecutionRunView {
  node_execution_id: string;
  status: ExecutionStatus;
  /** 0 before the first attempt. */
  attempt: number;
  /** Values at the pins: partial while INCOMPLETE. */
  input: JsonObject;
  /** The last {@link KEPT_VALUES} values by pin, in order of yield. */
  outputs: Record<string, JsonValue[]>;
  /** Of the last attempt that failed. */
  error: RunError | null;
  /** The failure went out through a linked `error` pin. */
  handled: boolean;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  duration_ms: number | null;
  /** Over all attempts so far; null when nothing was counted, as of what was not run. */
  usage: NodeUsage | null;
  /** Why it was not run. */
  reused: Reused | null;
  /** Earliest next attempt while one is waited for. */
  retry_at: string | null;
  /** What it waits for, while it does. */
  waiting: { kind: WaitKind; until: string | null; payload: JsonValue } | null;
}

export interface NodeRunView {
  node_id: string;
  /**
   * RUNNING while any execution runs, else QUEUED or REVIEW while any is, else that of the one that ended last, else
   * INCOMPLETE.
   */
  status: ExecutionStatus;
  /** Executions that have been queued, so far. */
  executions: number;
  /** Executions by the status that they are in. */
  counts: Record<ExecutionStatus, number>;
  /** Of the execution that was queued last. */
  last_input: JsonObject | null;
  /** Outputs of the execution that yielded last, as in `recent`. */
  last_outputs: Record<string, JsonValue[]>;
  /** Of the execution that failed last; null again once a later one completes. */
  error: RunError | null;
  /** Sum over all ended executions, ms. */
  duration_ms: number;
  /** Sum over all executions so far; null when nothing was counted. */
  usage: NodeUsage | null;
  /** Values yielded by pin, over all executions. */
  output_counts: Record<string, number>;
  /** The last {@link KEPT_EXECUTIONS}; the one touched last at the end. */
  recent: NodeExecutionRunView[];
  /** Executions that have not ended. */
  active: Map<string, ExecutionStatus>;
}

/** A run as its events tell it, for the browser and the command line. Read-only for everybody but the builder. */
export interface RunView {
  status: ExecutionStatus;
  graph_id: string | null;
  graph_version: number | null;
  inputs: JsonObject;
  /** By node id; a node that nothing happened to is not there. */
  nodes: Map<string, NodeRunView>;
  /** By link id, for the links that the view is folded with; a link that carried nothing is not there. */
  edges: Map<string, EdgeView>;
  /** Values by output name, in order. */
  outputs: Record<string, JsonValue[]>;
  error: RunError | null;
  /** Why the run was stopped. */
  reason: string | null;
  stats: RunStats | null;
  created_at: string | null;
  ended_at: string | null;
  /** No node is started until the run is resumed. */
  paused: boolean;
  /** Newest event folded in. */
  last_seq: number;
  /** Events that were skipped because they never came; 0 unless the stream had gaps. */
  missed: number;
}

/** The part of a link that tells which outputs it carries. */
export interface ViewLink {
  id: string;
  source_id: string;
  source_name: string;
  sink_id: string;
  sink_name: string;
}

export function emptyRunView(): RunView {
  return {
    status: "INCOMPLETE",
    graph_id: null,
    graph_version: null,
    inputs: {},
    nodes: new Map(),
    edges: new Map(),
    outputs: {},
    error: null,
    reason: null,
    stats: null,
    created_at: null,
    ended_at: null,
    paused: false,
    last_seq: 0,
    missed: 0,
  };
}
