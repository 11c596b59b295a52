import type { JsonObject, JsonValue } from "../json.ts";
import type { ResumeReason, WaitKind } from "./wait.ts";

/**
 * The events of one run, as everybody outside the object sees them: `items` of `GET /executions/{id}/events`, the messages of
 * the WebSocket, the data of the server-sent events. `seq` counts from 1 without gaps; `at` is an ISO 8601 time in UTC.
 */
export interface EventHeader {
  seq: number;
  at: string;
}

/** Why something failed. `code` is stable, `message` is for people. */
export interface RunError {
  code: string;
  message: string;
  node_id?: string;
}

/** Figures of a run. Durations in ms. */
export interface RunStats {
  /** From the start to the terminal state. */
  duration_ms: number;
  /** Sum of the time that node executions ran. */
  node_time_ms: number;
  node_execution_count: number;
  node_error_count: number;
  input_tokens: number;
  output_tokens: number;
  /** US dollars, to a billionth: the sum of what is known. Absent when no cost is known. */
  cost_usd?: number;
}

/** What a block counted during one execution. */
export interface NodeUsage {
  input_tokens?: number;
  output_tokens?: number;
  /** Calls to a model or service. */
  calls?: number;
  /** US dollars, to a billionth. Absent when it is not known, which is not the same as 0. */
  cost_usd?: number;
}

/**
 * Why a node execution was not run: `memo` has the result of an earlier run that this one was started from, `pinned` and `sample` the outputs
 * that its node was given (by a person; by a dry run), `cache` those of an equal execution within the time that its node allows.
 */
export const REUSED = ["memo", "pinned", "sample", "cache"] as const;
export type Reused = (typeof REUSED)[number];

interface NodeRef {
  node_execution_id: string;
  node_id: string;
}

export type ExecutionStarted = EventHeader & {
  type: "execution_started";
  graph_id: string;
  graph_version: number;
  inputs: JsonObject;
};
export type ExecutionRunning = EventHeader & { type: "execution_running" };
/** A value waits at a pin of a node execution that still lacks others (INCOMPLETE). */
export type NodeInput = EventHeader &
  NodeRef & {
    type: "node_input";
    pin: string;
    value: JsonValue;
    /** The pin gathers: the value is one of a list. */
    gathered?: true;
  };
/** All linked pins are there: `input` is what the node will run with, before defaults and coercion. */
export type NodeQueued = EventHeader & NodeRef & { type: "node_queued"; input: JsonObject };
/** A value reached an output node: one more value of the run's output `name` (autogpt.md §3.3: the raw value, before `format`). */
export type ExecutionOutput = EventHeader & NodeRef & { type: "execution_output"; name: string; value: JsonValue };
export type NodeStarted = EventHeader & NodeRef & { type: "node_started"; attempt: number };
export type NodeOutput = EventHeader & NodeRef & { type: "node_output"; pin: string; value: JsonValue };
export type NodeCompleted = EventHeader &
  NodeRef & {
    type: "node_completed";
    duration_ms: number;
    usage?: NodeUsage;
    reused?: Reused;
  };
export type NodeFailed = EventHeader &
  NodeRef & { type: "node_failed"; error: RunError; handled: boolean; duration_ms: number; usage?: NodeUsage };
/** The attempt failed or was lost; the node will be tried again not before `retry_at`. */
export type NodeRetrying = EventHeader &
  NodeRef & { type: "node_retrying"; attempt: number; error: RunError; retry_at: string; usage?: NodeUsage };
/** The node waits, and nothing runs for it: for a time, a person, another run or a call. */
export type NodeWaiting = EventHeader &
  NodeRef & {
    type: "node_waiting";
    kind: WaitKind;
    until: string | null;
    payload: JsonValue;
    duration_ms: number;
    usage?: NodeUsage;
  };
/** The wait is over: the node is queued again. */
export type NodeResumed = EventHeader & NodeRef & { type: "node_resumed"; reason: ResumeReason };
/** Everything that is left waits for people. */
export type ExecutionReview = EventHeader & { type: "execution_review" };
/** No node is started any more; running ones finish. */
export type ExecutionPaused = EventHeader & { type: "execution_paused" };
export type ExecutionUnpaused = EventHeader & { type: "execution_unpaused" };
export type NodeTerminated = EventHeader & NodeRef & { type: "node_terminated"; usage?: NodeUsage };
export type ExecutionCompleted = EventHeader & { type: "execution_completed"; stats: RunStats };
export type ExecutionFailed = EventHeader & { type: "execution_failed"; error: RunError; stats: RunStats };
export type ExecutionTerminated = EventHeader & { type: "execution_terminated"; reason: string; stats: RunStats };

export type ExecutionEvent =
  | ExecutionStarted
  | ExecutionRunning
  | NodeInput
  | NodeQueued
  | ExecutionOutput
  | NodeStarted
  | NodeOutput
  | NodeCompleted
  | NodeFailed
  | NodeRetrying
  | NodeWaiting
  | NodeResumed
  | NodeTerminated
  | ExecutionReview
  | ExecutionPaused
  | ExecutionUnpaused
  | ExecutionCompleted
  | ExecutionFailed
  | ExecutionTerminated;

export type ExecutionEventType = ExecutionEvent["type"];
