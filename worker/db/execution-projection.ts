import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { Database } from "./database.ts";
import { sortKeyOf, sortKeyOfId } from "./sort-key.ts";

/** D1 takes strings up to 2 MB; half of that leaves room for multi-byte text. */
const MAX_CHUNK_CHARS = 1_000_000;

/** One parameter whatever the number of rows: D1 binds at most 100. A row is changed only by a newer summary. */
const UPSERT = `
  INSERT INTO execution (id, workspace_id, sort_key, graph_id, graph_version, graph_name, status, source, seq, error, stats,
    created_at, started_at, ended_at)
  SELECT value ->> 'execution_id', value ->> 'workspace_id', value ->> 'sort_key', value ->> 'graph_id',
    value ->> 'graph_version', value ->> 'graph_name', value ->> 'status', value ->> 'source', value ->> 'seq',
    CASE WHEN value ->> 'error' IS NULL THEN NULL ELSE value -> 'error' END, value -> 'stats',
    value ->> 'created_at', value ->> 'started_at', value ->> 'ended_at'
  FROM json_each(?1) WHERE true
  ON CONFLICT DO UPDATE SET
    status = excluded.status, seq = excluded.seq, error = excluded.error, stats = excluded.stats,
    graph_name = excluded.graph_name, started_at = excluded.started_at, ended_at = excluded.ended_at
  WHERE excluded.seq > execution.seq`;

const SEQ = `SELECT seq FROM execution WHERE workspace_id = ?1 AND sort_key = ${sortKeyOfId("?1", "?2")}`;

/**
 * Brings the lists of runs up to date, in one transaction. May be called with the same summaries any number of times
 * and in any order: the newest `seq` of each run wins.
 */
export async function applyExecutionSummaries(db: Database, summaries: readonly ExecutionSummary[]): Promise<void> {
  const newest = new Map<string, ExecutionSummary>();
  for (const summary of summaries) {
    const known = newest.get(summary.execution_id);
    if (known === undefined || summary.seq > known.seq) {
      newest.set(summary.execution_id, summary);
    }
  }
  const statement = db.$client.prepare(UPSERT);
  const statements = chunks([...newest.values()]).map((chunk) => statement.bind(chunk));
  if (statements.length > 0) {
    await db.$client.batch(statements);
  }
}

/** The `seq` that the lists reflect for a workspace's run, or null when they do not know it. */
export async function readProjectedSeq(
  db: Database,
  { workspaceId, executionId }: { workspaceId: string; executionId: string },
): Promise<number | null> {
  const row = await db.$client.prepare(SEQ).bind(workspaceId, executionId).first<{ seq: number }>();
  return row?.seq ?? null;
}

function chunks(summaries: ExecutionSummary[]): string[] {
  const result: string[] = [];
  let items: string[] = [];
  let length = 0;
  for (const summary of summaries) {
    const sort_key = sortKeyOf({ id: summary.execution_id, createdAt: summary.created_at });
    const item = JSON.stringify({ ...summary, sort_key });
    if (items.length > 0 && length + item.length > MAX_CHUNK_CHARS) {
      result.push(`[${items.join(",")}]`);
      items = [];
      length = 0;
    }
    items.push(item);
    length += item.length;
  }
  return items.length > 0 ? [...result, `[${items.join(",")}]`] : result;
}
