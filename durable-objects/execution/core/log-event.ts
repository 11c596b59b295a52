import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { NodeUsage, Reused, RunError, RunStats } from "#graph/run/event.ts";
import type { ResumeReason, Wait } from "#graph/run/wait.ts";
import type { Parts } from "./stored-value.ts";

/**
 * The events as the log keeps them: nodes by plan index, values by reference. A value is written once, in the `node_output`
 * that produced it; whoever receives it names that event's seq, so the log grows with the values, not with their readers.
 * `present.ts` turns them into the events of graph/run/event.ts.
 */

/** The output event with this seq; with a source name when a link takes only a part of the value (`items_$_0`). */
export type ValueRef = number | [seq: number, sourceName: string];

interface NodeRef {
  /** Node execution id, `n1`, `n2`, … in order of creation. */
  ne: string;
  /** Index in `Plan.nodes`. */
  node: number;
}

export type LogEvent =
  | { type: "execution_started"; inputs: JsonObject }
  | { type: "execution_running" }
  | ({ type: "node_input"; pin: string; ref: ValueRef } & NodeRef)
  /** `gathered`: the list of a node that gathers, by its elements. */
  | ({
      type: "node_queued";
      refs: [pin: string, ref: ValueRef][];
      gathered?: ValueRef[];
      literals?: JsonObject;
    } & NodeRef)
  | ({ type: "execution_output"; name: string; ref?: ValueRef; value?: JsonValue } & NodeRef)
  | ({ type: "node_started"; attempt: number } & NodeRef)
  | ({ type: "node_output"; pin: string; value: JsonValue; parts?: Parts } & NodeRef)
  | ({ type: "node_completed"; duration_ms: number; usage?: NodeUsage; reused?: Reused } & NodeRef)
  | ({ type: "node_failed"; error: RunError; handled: boolean; duration_ms: number; usage?: NodeUsage } & NodeRef)
  | ({
      type: "node_retrying";
      attempt: number;
      error: RunError;
      retry_at: number;
      lost: boolean;
      usage?: NodeUsage;
    } & NodeRef)
  | ({ type: "node_waiting"; wait: Wait; duration_ms: number; usage?: NodeUsage } & NodeRef)
  | ({ type: "node_resumed"; reason: ResumeReason; data: JsonValue; auto_approve?: boolean } & NodeRef)
  /** `usage`: the end of its attempt came when the run could not go on any more. */
  | ({ type: "node_terminated"; usage?: NodeUsage } & NodeRef)
  | { type: "execution_review" }
  | { type: "execution_paused" }
  | { type: "execution_unpaused" }
  | { type: "execution_completed"; stats: RunStats }
  | { type: "execution_failed"; error: RunError; stats: RunStats }
  | { type: "execution_terminated"; reason: string; stats: RunStats };

/** One commit: events with consecutive sequence numbers from `first_seq`, all at the same time (ms since the epoch). */
export interface LogBatch {
  first_seq: number;
  at: number;
  events: LogEvent[];
}
