import type { Mark } from "./checkpoints.ts";
import type { PlanNode } from "#graph/plan/plan.ts";
import type { LogEvent, ValueRef } from "./core/log-event.ts";
import { planNode } from "./core/state.ts";
import type { ExecutionState, NodeExecution } from "./core/state.ts";
import { NodeEvents, resolved } from "./log-reading.ts";
import type { Reading } from "./log-reading.ts";
import type { NodeRecord } from "./node-record.ts";
import { gathersAt } from "./present.ts";
import type { History } from "./history.ts";
import type { AttemptView, NodeCause, NodeExecutionDetail, NodeExplanation } from "./protocol.ts";
import { isoOrNull } from "./view.ts";

/** Attempts that are told of; a node that waits again and again has many. */
const MAX_ATTEMPTS_TOLD = 1_000;

/** Values of a list whose origin is told. */
const MAX_GATHERED_TOLD = 1_000;

/** Everything that the log says of one node execution: attempts, times, where its input came from, why it ran or waits. Undefined: there is none such. */
export function nodeDetail(
  state: ExecutionState,
  history: History,
  ne: string,
  marks: readonly Mark[] = [],
): NodeExecutionDetail | undefined {
  return history.read(readNodeDetail({ executionId: history.executionId, state, marks }, ne));
}

/** As `nodeDetail`, of a log that is anywhere. Reads from the mark before the node execution began until it is over. */
export function* readNodeDetail(
  run: { executionId: string; state: ExecutionState; marks: readonly Mark[] },
  ne: string,
): Reading<NodeExecutionDetail | undefined> {
  const { state } = run;
  const number = Number(/^n([1-9]\d{0,14})$/.exec(ne)?.[1] ?? Number.NaN);
  if (!(number <= state.created)) {
    return undefined;
  }
  const events = yield* readNodeEvents(state.executions.get(ne), ne, startOf(run.marks, number));
  if (events === undefined) {
    return undefined;
  }
  const arrived = new Map<string, ValueRef>();
  let gathered: { pin: string; ref: ValueRef }[] = [];
  const attempts: AttemptView[] = [];
  const causes: NodeCause[] = [];
  for (const { event, at } of events.logged) {
    addAttempt(attempts, event, at);
    if (event.type === "node_input" && gathersAt(state.plan, event)) {
      gathered.push(event);
    } else if (event.type === "node_input") {
      arrived.set(event.pin, event.ref);
    } else if (event.type === "node_queued") {
      for (const [pin, ref] of event.refs) {
        arrived.set(pin, ref);
      }
      const list = planNode(state, event.node).gathers?.pin ?? "";
      gathered = (event.gathered ?? []).map((ref) => ({ pin: list, ref }));
      for (const pin of Object.keys(event.literals ?? {})) {
        arrived.delete(pin);
        gathered = gathered.filter((value) => value.pin !== pin);
        causes.push({ pin, node_execution_id: null, node_id: null, source_name: null, at: null });
      }
    }
  }
  const record = yield* resolved((lookup) => events.record({ plan: state.plan, executionId: run.executionId }, lookup));
  for (const [pin, ref] of arrived) {
    causes.push(yield* readCause(state, pin, ref));
  }
  for (const { pin, ref } of gathered.slice(0, MAX_GATHERED_TOLD)) {
    causes.push(yield* readCause(state, pin, ref));
  }
  const { linked_pins, gathers } = planNode(state, record.node);
  const lacks = record.view.status === "INCOMPLETE" && gathers === undefined;
  const missing = lacks ? linked_pins.filter((pin) => !arrived.has(pin)) : [];
  const explanation =
    gathers === undefined ? explain(state, record, missing) : explainGathering(state, record, gathers);
  return { ...record.view, attempts: attempts.slice(-MAX_ATTEMPTS_TOLD), causes, missing_pins: missing, explanation };
}

/** The seq after which the node execution of this number came to be: ids are given in order. */
function startOf(marks: readonly Mark[], number: number): number {
  return marks.findLast(([, created]) => created < number)?.[0] ?? 0;
}

function* readNodeEvents(open: NodeExecution | undefined, ne: string, after: number): Reading<NodeEvents | undefined> {
  let events: NodeEvents | undefined;
  let next = after + 1;
  while (events?.complete !== true) {
    const batch = yield next;
    if (batch === undefined) {
      break;
    }
    for (const event of batch.events) {
      if ("ne" in event && event.ne === ne) {
        events ??= new NodeEvents(event, open);
        events.add({ event, at: batch.at });
      }
    }
    next = batch.first_seq + batch.events.length;
  }
  return events;
}

function* readCause(state: ExecutionState, pin: string, ref: ValueRef): Reading<NodeCause> {
  const seq = typeof ref === "number" ? ref : ref[0];
  const batch = yield seq;
  const producer = batch?.events[seq - batch.first_seq];
  if (batch === undefined || producer?.type !== "node_output") {
    return { pin, node_execution_id: null, node_id: null, source_name: null, at: null };
  }
  const { ne, node, pin: source } = producer;
  return {
    pin,
    node_execution_id: ne,
    node_id: state.plan.nodes[node]?.id ?? "",
    source_name: typeof ref === "number" ? source : ref[1],
    at: isoOrNull(batch.at),
  };
}

function addAttempt(attempts: AttemptView[], event: LogEvent, at: number): void {
  if (event.type === "node_started") {
    const started_at = new Date(at).toISOString();
    attempts.push({
      attempt: event.attempt,
      started_at,
      ended_at: null,
      outcome: "running",
      error: null,
      retry_at: null,
      usage: null,
    });
    return;
  }
  const last = attempts.at(-1);
  if (last === undefined || last.ended_at !== null) {
    return;
  }
  const end = (outcome: AttemptView["outcome"]): void => {
    const usage = "usage" in event ? (event.usage ?? null) : null;
    Object.assign(last, { ended_at: new Date(at).toISOString(), outcome, usage });
  };
  switch (event.type) {
    case "node_completed":
      return end("completed");
    case "node_failed":
      end("failed");
      last.error = event.error;
      return;
    case "node_retrying":
      end(event.lost ? "lost" : "retrying");
      last.error = event.error;
      last.retry_at = new Date(event.retry_at).toISOString();
      return;
    case "node_waiting":
      return end("waiting");
    case "node_terminated":
      return end("stopped");
    default:
  }
}

const WAITS = {
  timer: { code: "waits_for_time", message: "It waits for a time." },
  review: { code: "waits_for_person", message: "It waits for a person's decision." },
  child: { code: "waits_for_run", message: "It waits for the run of the agent that it started." },
  callback: { code: "waits_for_call", message: "It waits for a call from outside." },
} as const;

const REASONS = {
  memo: "It was not run: its result is that of the run that this one was started from.",
  pinned: "It was not run: its outputs are pinned.",
  sample: "It was not run: in a dry run its outputs are samples.",
  cache: "It was not run: an equal execution before it had this result, and its node allows that for a time.",
} as const;

/** As `explain`, of a node that gathers. */
function explainGathering(
  state: ExecutionState,
  record: NodeRecord,
  { until }: NonNullable<PlanNode["gathers"]>,
): NodeExplanation {
  if (record.view.status !== "INCOMPLETE") {
    return explain(state, record, [], "It ran because it had gathered its values");
  }
  const goesOn = until === "end" ? "when nothing before it is left" : "when it has as many as it was told";
  const count = state.nodes[record.node]?.gathering?.pool.length ?? 0;
  return { code: "gathering", message: `It has gathered ${count} values, and runs ${goesOn}.` };
}

function explain(
  state: ExecutionState,
  { view, wait }: NodeRecord,
  missing: readonly string[],
  because = "It ran because all its linked pins had a value",
): NodeExplanation {
  const open = state.executions.get(view.node_execution_id);
  switch (view.status) {
    case "INCOMPLETE":
      return {
        code: "lacks_inputs",
        message: `It waits for values at ${missing.map((pin) => `"${pin}"`).join(", ")}.`,
      };
    case "QUEUED":
      if (open !== undefined && state.delayed.has(open)) {
        return {
          code: "backoff",
          message: `Its last attempt failed; the next one begins at ${isoOrNull(open.notBefore) ?? ""} or later.`,
        };
      }
      return state.paused
        ? { code: "paused", message: "It has all it needs; the run is paused." }
        : { code: "ready", message: "It has all it needs and waits for a consumer." };
    case "RUNNING":
    case "REVIEW":
      return wait === null ? { code: "running", message: "It had all it needed, and it is running." } : WAITS[wait];
    case "COMPLETED":
      return view.reused === null
        ? { code: "completed", message: `${because}, and it completed.` }
        : { code: "reused", message: REASONS[view.reused] };
    case "FAILED":
      return {
        code: "failed",
        message: `${because}, and it failed: ${view.error?.message ?? ""}`,
      };
    case "TERMINATED":
      return { code: "stopped", message: "The run ended before it did." };
  }
}
