import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { RunFigures, RunReport } from "#durable-objects/workspace/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { Env } from "../env.ts";
import { workspaceStub } from "../env.ts";

/** A run's parts overlap and have pauses between them; beyond this a run that took longer than its nodes was waiting, ms. */
const OVERHEAD_MS = 1_000;

/**
 * Tells workspaces how their runs go: one call for each workspace of a batch. Never throws: counts that miss something mend themselves, and
 * predictions are only predictions.
 */
export async function observeRuns(env: Pick<Env, "WORKSPACES">, summaries: readonly ExecutionSummary[]): Promise<void> {
  const byWorkspace = new Map<string, RunReport[]>();
  for (const summary of summaries) {
    const reports = byWorkspace.get(summary.workspace_id) ?? [];
    byWorkspace.set(summary.workspace_id, reports);
    reports.push(toReport(summary));
  }
  const calls = [...byWorkspace].map(async ([workspaceId, reports]) => {
    try {
      await workspaceStub(env, workspaceId).observe(reports);
    } catch (error) {
      log("warn", "could not tell a workspace of its runs", { workspace_id: workspaceId, error: errorMessage(error) });
    }
  });
  await Promise.all(calls);
}

function toReport(summary: ExecutionSummary): RunReport {
  const { execution_id, workspace_id, graph_id, status } = summary;
  return {
    execution_id,
    workspace_id,
    graph_id,
    ended: isTerminal(status),
    waiting: summary.idle === true,
    figures: summary.atypical === true ? null : figuresOf(summary),
    blocks: summary.blocks ?? {},
  };
}

/** A run that was stopped says nothing of how long others take. */
function figuresOf({ status, started_at, ended_at, stats, size = 0 }: ExecutionSummary): RunFigures | null {
  if ((status !== "COMPLETED" && status !== "FAILED") || started_at === null || ended_at === null) {
    return null;
  }
  const busy_ms = Math.min(ended_at - started_at, stats.node_time_ms + OVERHEAD_MS);
  const tokens = stats.input_tokens + stats.output_tokens;
  return { started_at, ended_at, busy_ms, tokens, cost_usd: stats.cost_usd ?? null, size };
}
