import type { JsonValue } from "../json.ts";

/** What a node execution can wait for without anything running: a time, a person, another run, a call from outside. */
export const WAIT_KINDS = ["timer", "review", "child", "callback"] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

/** How a block says that it waits. */
export interface Wait {
  kind: WaitKind;
  /** When to go on at the latest, ms since the epoch; null: only when told to. At most a year from now. */
  until: number | null;
  /** The block's own notes, given back to it when it goes on. */
  state: JsonValue;
  /** For whom it waits for: the question to a person, the run to start. */
  payload: JsonValue;
}

/** Why a node execution goes on: its time had come, what it waited for has happened, or that did not happen in time. */
export type ResumeReason = "timer" | "signal" | "timeout";

/** What a block is given when it goes on. */
export interface Resume {
  reason: ResumeReason;
  /** The notes of the wait. */
  state: JsonValue;
  /** What happened: a person's decision, a caller's data; null for times. */
  data: JsonValue;
}

/** A person's decision on a review. */
export interface ReviewDecision {
  approved: boolean;
  /** The data to go on with when it was edited; absent: as it was. */
  data?: JsonValue;
  message?: string;
}
