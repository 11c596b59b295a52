import { withoutRefinement } from "#graph/plan/effects-of-node.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { isTerminal } from "#graph/run/status.ts";
import { addUsage, usagePart } from "#graph/run/usage.ts";
import type { LogEvent } from "./core/log-event.ts";
import { queuedInput } from "./present.ts";
import { memoKey } from "./core/reuse.ts";
import type { MemoEntry, Override } from "./core/reuse.ts";
import type { ExecutionState } from "./core/state.ts";
import type { History } from "./history.ts";
import { resolved } from "./log-reading.ts";
import type { Reading } from "./log-reading.ts";
import type { ForkPoint, Outcome, Rerun } from "./protocol.ts";
import type { RunHeader } from "./store.ts";

/** Most characters of results that a run may take over: what one call may carry. */
const MAX_MEMO_CHARS = 24_000_000;

interface Source {
  header: RunHeader;
  state: ExecutionState;
  history: History;
}

/**
 * What a new run needs to start from this one: its plan, its inputs, and the results of the node executions that completed. Rules RU6, FK1, FK2.
 * Codes: `execution_not_ended` (a retry only), `not_found` and `node_not_queued` (a fork only), `too_much_to_reuse`.
 */
export function rerunOf({ history, ...run }: Source, fork: ForkPoint | null): Outcome<Rerun> {
  return history.read(readRerun(run, fork));
}

/** As `rerunOf`, of a log that is anywhere. */
export function* readRerun(run: Omit<Source, "history">, fork: ForkPoint | null): Reading<Outcome<Rerun>> {
  const { header, state } = run;
  if (fork === null && !isTerminal(state.status)) {
    const message = "The run is not over. Cancel it first, or wait for its end; then it can be retried.";
    return { ok: false, code: "execution_not_ended", message };
  }
  const records = yield* readRecords(state.plan);
  if (records === "too_much") {
    const message = `The run's results take more than ${MAX_MEMO_CHARS} characters, too many to hand over to a new run. Run the agent again.`;
    return { ok: false, code: "too_much_to_reuse", message };
  }
  const target = fork === null ? undefined : records.get(fork.node_execution_id);
  if (fork !== null && target === undefined) {
    const number = /^n(\d{1,15})$/.exec(fork.node_execution_id)?.[1];
    return number !== undefined && Number(number) >= 1 && Number(number) <= state.created
      ? {
          ok: false,
          code: "node_not_queued",
          message: "This node execution never had all of its inputs: there is nothing to fork from.",
        }
      : { ok: false, code: "not_found", message: "The run has no such node execution." };
  }
  const kept = target === undefined ? [...records.values()] : survivors(records.values(), target, state.plan);
  const memo = kept.filter(({ completed }) => completed).map(({ entry }) => entry);
  const override: { override?: Override } =
    fork === null || target === undefined
      ? {}
      : { override: { node_id: target.entry.node_id, ordinal: target.ordinal, inputs: fork.inputs } };
  const root = header.parent ?? header.root;
  return {
    ok: true,
    value: {
      plan: override.override === undefined ? state.plan : overlaidPlan(state.plan, override.override),
      inputs: header.held_inputs ?? state.inputs,
      reuse: { memo, ...override },
      flow: header.admission?.ticket.flow ?? null,
      ...(header.dry_run === undefined ? {} : { dry_run: header.dry_run }),
      ...(header.sampled_inputs === undefined ? {} : { sampled_inputs: header.sampled_inputs }),
      ...(header.shape === undefined ? {} : { shape: header.shape }),
      ...(root === undefined
        ? {}
        : { root: { root_graph_id: root.root_graph_id, root_graph_version: root.root_graph_version } }),
    },
  };
}

/** Rule LS8: what the plan took from a value of the node does not hold for another value. */
function overlaidPlan(plan: Plan, { node_id, inputs }: Override): Plan {
  return { ...plan, nodes: plan.nodes.map((node) => (node.id === node_id ? withoutRefinement(node, inputs) : node)) };
}

/** A node execution of the log. */
interface RunRecord {
  node: number;
  /** How many executions of the node were queued before. */
  ordinal: number;
  /** Seq of its `node_queued`. */
  queuedAt: number;
  completed: boolean;
  entry: MemoEntry;
}

function* readRecords(plan: Plan): Reading<Map<string, RunRecord> | "too_much"> {
  const records = new Map<string, RunRecord>();
  const counts = new Map<number, number>();
  let size = 0;
  let batch = yield 1;
  while (batch !== undefined) {
    const { events, first_seq } = batch;
    const keys = yield* resolved(
      (lookup) =>
        events.map((event) => (event.type === "node_queued" ? memoKey(queuedInput(event, { plan, lookup })) : "")),
      [batch],
    );
    for (const [offset, event] of events.entries()) {
      if (event.type === "node_queued") {
        const ordinal = counts.get(event.node) ?? 0;
        counts.set(event.node, ordinal + 1);
        const key = keys[offset] ?? "";
        size += key.length;
        const entry = { node_id: plan.nodes[event.node]?.id ?? "", key, outputs: [] };
        const queuedAt = first_seq + offset;
        records.set(event.ne, { node: event.node, ordinal, queuedAt, completed: false, entry });
      } else if ("ne" in event) {
        size += addTo(records.get(event.ne), event);
      }
    }
    if (size > MAX_MEMO_CHARS) {
      return "too_much";
    }
    batch = yield first_seq + events.length;
  }
  return records;
}

/** Answers about how many characters the event adds. */
function addTo(record: RunRecord | undefined, event: LogEvent): number {
  if (record === undefined) {
    return 0;
  }
  if (event.type === "node_output") {
    const { pin, value, parts } = event;
    record.entry.outputs.push(parts === undefined ? [pin, value] : [pin, value, parts]);
    return JSON.stringify(event.value).length;
  }
  if (event.type === "node_completed") {
    // Outputs that the plan gives are given again by the same plan.
    record.completed = event.reused !== "pinned" && event.reused !== "sample";
  }
  if (event.type === "node_completed" || event.type === "node_retrying" || event.type === "node_waiting") {
    Object.assign(record.entry, usagePart(addUsage(record.entry.usage, event.usage)));
  }
  return 0;
}

/** Rule FK1: what follows from the forked execution is not taken over. */
function survivors(records: Iterable<RunRecord>, target: RunRecord, plan: Plan): RunRecord[] {
  const after = reachable(plan, target.node);
  return [...records].filter(
    (record) => record.queuedAt < target.queuedAt || (record !== target && !after.has(record.node)),
  );
}

/** The nodes that links lead to from a node, over any number of links. */
function reachable(plan: Plan, from: number): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const { sink } of plan.nodes[node]?.links ?? []) {
      if (!found.has(sink)) {
        found.add(sink);
        open.push(sink);
      }
    }
  }
  return found;
}
