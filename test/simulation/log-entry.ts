import type { LogEvent } from "#durable-objects/execution/core/log-event.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import type { ResumeReason, WaitKind } from "#graph/run/wait.ts";
import type { Known } from "./rerun-model.ts";
import { NOTHING } from "./usage-model.ts";
import type { Amounts } from "./usage-model.ts";
import { Violation } from "./violation.ts";

export type EventOf<T extends LogEvent["type"]> = Extract<LogEvent, { type: T }>;

/** One node execution as the log tells it. */
export interface Entry {
  ne: string;
  node: number;
  /** Null until it is queued. */
  input: JsonObject | null;
  status: "incomplete" | "queued" | "running" | "waiting" | "over";
  attempt: number;
  /** Outputs of the block, the engine's own on `error` not counted. */
  outputs: [pin: string, value: JsonValue][];
  failures: number;
  lost: number;
  notBefore: number;
  /** True time of the last start. */
  startedAt: number;
  errorTold: boolean;
  /** When its wait ends by itself. */
  until: number | null;
  /** What it waits for, or waited for last. */
  waitsFor: WaitKind | null;
  /** What the next attempt is told of the wait that is over. */
  resume: { reason: ResumeReason; data: JsonValue } | null;
  /** Its wait for a call is over. */
  called: boolean;
  /** Of the log's clock: its attempts have their time together from here on; null before the first, and while it waits. */
  triedSince: number | null;
  completed: boolean;
  /** The result that it has from an earlier run. */
  known: Known | null;
  /** How many executions of its node were queued before. */
  ordinal: number;
  /** Values that a fork has laid over its input. */
  laid: JsonObject | null;
  /** What its ended attempts have used. */
  used: Amounts;
}

/** Of a node execution that the log has not named before. */
export function newEntry({ ne, node }: { ne: string; node: number }): Entry {
  return {
    ne,
    node,
    input: null,
    status: "incomplete",
    attempt: 0,
    outputs: [],
    failures: 0,
    lost: 0,
    notBefore: 0,
    startedAt: 0,
    errorTold: false,
    until: null,
    waitsFor: null,
    resume: null,
    called: false,
    triedSince: null,
    completed: false,
    known: null,
    ordinal: 0,
    laid: null,
    used: { ...NOTHING },
  };
}

export function nodeOf({ nodes }: Plan, index: number): PlanNode {
  const node = nodes[index];
  if (node === undefined) {
    throw new Violation("total-order", `the log names node ${index}`);
  }
  return node;
}

export function isReview({ waitsFor }: Entry): boolean {
  return waitsFor === "review";
}
