import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";

/** What an object tells the list of a run that goes on, of a workspace of its own, unless `change` says otherwise. */
export function summary(change: Partial<ExecutionSummary> = {}): ExecutionSummary {
  return {
    execution_id: crypto.randomUUID(),
    workspace_id: crypto.randomUUID(),
    graph_id: "g1",
    graph_version: 1,
    graph_name: "Graph",
    status: "RUNNING",
    source: "api",
    seq: 2,
    error: null,
    stats: {
      duration_ms: 5,
      node_time_ms: 4,
      node_execution_count: 3,
      node_error_count: 0,
      input_tokens: 0,
      output_tokens: 0,
    },
    created_at: 1_000,
    started_at: 1_001,
    ended_at: null,
    ...change,
  };
}
