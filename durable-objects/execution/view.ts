import { nextAlarm } from "./core/next-alarm.ts";
import type { ExecutionState } from "./core/state.ts";
import type { ExecutionSummary, ExecutionView } from "./protocol.ts";
import { shown, shownRecord } from "./shown-value.ts";
import type { RunHeader } from "./store.ts";

/** A run as callers see it. */
export function executionView(header: RunHeader, state: ExecutionState): ExecutionView {
  return {
    id: header.execution_id,
    graph_id: state.plan.graph_id,
    graph_version: state.plan.graph_version,
    graph_name: state.plan.graph_name,
    status: isHeld(header, state) ? "QUEUED" : state.status,
    paused: state.paused,
    queued_reason: isHeld(header, state) ? (header.admission?.hold ?? null) : null,
    source: header.source,
    parent_execution_id: header.parent?.execution_id ?? null,
    retried_from: header.origin?.kind === "retry" ? header.origin.execution_id : null,
    forked_from: forkedFrom(header),
    dry_run: header.dry_run ?? false,
    ...(header.sampled_inputs === undefined ? {} : { sampled_inputs: header.sampled_inputs }),
    ...(header.shape === undefined ? {} : { shape: header.shape }),
    inputs: shownRecord(header.held_inputs ?? state.inputs, header.execution_id),
    outputs: Object.fromEntries(
      [...state.outputs].map(([name, values]) => [name, values.map((value) => shown(value, header.execution_id))]),
    ),
    error: state.error,
    stats: state.stats,
    created_at: new Date(state.createdAt).toISOString(),
    started_at: isoOrNull(state.startedAt),
    ended_at: isoOrNull(state.endedAt),
    last_seq: state.lastSeq,
  };
}

function forkedFrom({ origin }: RunHeader): ExecutionView["forked_from"] {
  return origin?.kind === "fork"
    ? { execution_id: origin.execution_id, node_execution_id: origin.node_execution_id }
    : null;
}

/** What the list of runs in D1 needs to know. */
export function executionSummary(header: RunHeader, state: ExecutionState): ExecutionSummary {
  return {
    execution_id: header.execution_id,
    workspace_id: header.workspace_id,
    graph_id: state.plan.graph_id,
    graph_version: state.plan.graph_version,
    graph_name: state.plan.graph_name,
    status: isHeld(header, state) ? "QUEUED" : state.status,
    source: header.source,
    seq: state.lastSeq,
    error: state.error,
    stats: state.stats,
    created_at: state.createdAt,
    started_at: state.startedAt,
    ended_at: state.endedAt,
    ...(isWholeAndReal(header) ? {} : { atypical: true }),
  };
}

/** All of the agent ran, for the first time: only such runs tell how long others will take (rule WP3 of workspace/SPEC.md). */
function isWholeAndReal({ dry_run, reuse, shape }: RunHeader): boolean {
  return dry_run === undefined && reuse === undefined && shape === undefined;
}

/** Rule WH1: accepted, and waiting for the workspace to let it go. */
export function isHeld(header: RunHeader, state: ExecutionState): boolean {
  return state.status === "INCOMPLETE" && header.held_inputs !== undefined;
}

/** A pause before another attempt that is shorter keeps the run's place: to hand it on and ask for it again costs more than it gains, ms. */
export const LONG_BACKOFF_MS = 10_000;

/**
 * Nothing of the run is going on, nor will be soon: it is paused and nothing runs any more, or everything left waits for time, people, other runs or
 * the next attempt after a failure (rule WA6 of workspace/SPEC.md).
 */
export function isIdle(state: ExecutionState, now: number): boolean {
  if (state.active === 0 || state.running.size > 0) {
    return false;
  }
  const backingOff = [...state.delayed].filter(({ notBefore }) => notBefore >= now + LONG_BACKOFF_MS).length;
  return state.paused || state.waiting.size + backingOff >= state.active;
}

/** A run of which something is due sooner stays in memory: to load it again costs more than it holds, ms. The runtime keeps objects as long. */
const SHORT_SLEEP_MS = 10_000;

/** Nothing is to be done for a run that is not over for a while, unless somebody calls. Runs that it has started call soon. */
export function sleeps(header: RunHeader, state: ExecutionState, at: { now: number; leaseMs: number }): boolean {
  if (isHeld(header, state)) {
    return true;
  }
  if (!isIdle(state, at.now) || (!state.paused && [...state.waiting].some(({ wait }) => wait?.kind === "child"))) {
    return false;
  }
  const next = nextAlarm(state, at.now, at.leaseMs);
  return next === null || next > at.now + SHORT_SLEEP_MS;
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
