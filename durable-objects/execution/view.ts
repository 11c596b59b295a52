import type { ExecutionState } from "./core/state.ts";
import type { ExecutionSummary, ExecutionView } from "./protocol.ts";
import type { RunHeader } from "./store.ts";

/** A run as callers see it. */
export function executionView(header: RunHeader, state: ExecutionState): ExecutionView {
  return {
    id: header.execution_id,
    graph_id: state.plan.graph_id,
    graph_version: state.plan.graph_version,
    graph_name: state.plan.graph_name,
    status: state.status,
    paused: state.paused,
    source: header.source,
    parent_execution_id: header.parent?.execution_id ?? null,
    inputs: state.inputs,
    outputs: Object.fromEntries(state.outputs),
    error: state.error,
    stats: state.stats,
    created_at: new Date(state.createdAt).toISOString(),
    started_at: isoOrNull(state.startedAt),
    ended_at: isoOrNull(state.endedAt),
    last_seq: state.lastSeq,
  };
}

/** What the list of runs in D1 needs to know. */
export function executionSummary(header: RunHeader, state: ExecutionState): ExecutionSummary {
  return {
    execution_id: header.execution_id,
    workspace_id: header.workspace_id,
    graph_id: state.plan.graph_id,
    graph_version: state.plan.graph_version,
    graph_name: state.plan.graph_name,
    status: state.status,
    source: header.source,
    seq: state.lastSeq,
    error: state.error,
    stats: state.stats,
    created_at: state.createdAt,
    started_at: state.startedAt,
    ended_at: state.endedAt,
  };
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
