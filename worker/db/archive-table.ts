import { isTerminal } from "#graph/run/status.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { Database } from "./database.ts";
import { sortKeyOf, sortKeyOfId, timeKey } from "./sort-key.ts";

/** A run that the sweep looks at. */
export interface OldRun {
  executionId: string;
  workspaceId: string;
  createdAt: number;
  /** Null for a run that goes on. */
  endedAt: number | null;
  archivedAt: number | null;
}

export interface SweepCursor {
  createdAt: number;
  executionId: string;
}

/** A run to look at again. */
export interface Straggler {
  executionId: string;
  workspaceId: string;
  dueAt: number;
}

interface RunRow {
  id: string;
  workspace_id: string;
  created_at: number;
  ended_at: number | null;
  archived_at: number | null;
  status: ExecutionStatus;
}

const RUN_COLUMNS = "e.id, e.workspace_id, e.created_at, e.ended_at, e.archived_at, e.status";

function toOldRun(row: RunRow): OldRun {
  return {
    executionId: row.id,
    workspaceId: row.workspace_id,
    createdAt: row.created_at,
    endedAt: isTerminal(row.status) ? (row.ended_at ?? row.created_at) : null,
    archivedAt: row.archived_at,
  };
}

/** Workspaces with the place that their sweep has come to; who waited longest comes first. */
export async function listSweptWorkspaces(
  db: Database,
  limit: number,
): Promise<{ workspaceId: string; cursor: SweepCursor }[]> {
  const { results } = await db.$client
    .prepare(
      `SELECT w.id, c.created_at, c.execution_id FROM workspace AS w LEFT JOIN archive_cursor AS c ON c.workspace_id = w.id
       ORDER BY coalesce(c.swept_at, 0), w.id LIMIT ?1`,
    )
    .bind(limit)
    .all<{ id: string; created_at: number | null; execution_id: string | null }>();
  return results.map((row) => ({
    workspaceId: row.id,
    cursor: { createdAt: row.created_at ?? 0, executionId: row.execution_id ?? "" },
  }));
}

/** A workspace's runs that stand before a time, from the cursor on, oldest first. */
export async function listOldRuns(
  db: Database,
  query: { workspaceId: string; after: SweepCursor; before: number; limit: number },
): Promise<OldRun[]> {
  const { after, before, limit, workspaceId } = query;
  const { results } = await db.$client
    .prepare(
      `SELECT ${RUN_COLUMNS} FROM execution AS e
       WHERE e.workspace_id = ?1 AND e.deleted_at IS NULL AND e.sort_key > ?2 AND e.sort_key < ?3
       ORDER BY e.sort_key LIMIT ?4`,
    )
    .bind(workspaceId, sortKeyOf({ id: after.executionId, createdAt: after.createdAt }), timeKey(before), limit)
    .all<RunRow>();
  return results.map(toOldRun);
}

/** Runs that were passed over and whose time has come again; those that are gone from the lists are forgotten. */
export async function takeDueStragglers(db: Database, now: number, limit: number): Promise<OldRun[]> {
  const forget = db.$client
    .prepare(
      `DELETE FROM archive_straggler WHERE due_at <= ?1 AND NOT EXISTS (
         SELECT 1 FROM execution AS e
         WHERE e.workspace_id = archive_straggler.workspace_id
           AND e.sort_key = ${sortKeyOfId("archive_straggler.workspace_id", "archive_straggler.execution_id")}
           AND e.deleted_at IS NULL AND e.archived_at IS NULL)`,
    )
    .bind(now);
  const due = db.$client
    .prepare(
      `SELECT ${RUN_COLUMNS} FROM archive_straggler AS s CROSS JOIN execution AS e
       WHERE s.due_at <= ?1 AND e.workspace_id = s.workspace_id
         AND e.sort_key = ${sortKeyOfId("s.workspace_id", "s.execution_id")} AND e.deleted_at IS NULL
       ORDER BY s.due_at LIMIT ?2`,
    )
    .bind(now, limit);
  const [, found] = await db.$client.batch<RunRow>([forget, due]);
  return (found?.results ?? []).map(toOldRun);
}

/** Notes runs to look at again, and in the same transaction that the sweep of their workspace has passed them. */
export async function noteSwept(
  db: Database,
  swept: {
    workspaceId: string;
    cursor: SweepCursor;
    at: number;
    stragglers: readonly Straggler[];
  },
): Promise<void> {
  const move = db.$client
    .prepare(
      `INSERT INTO archive_cursor (workspace_id, created_at, execution_id, swept_at) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (workspace_id) DO UPDATE SET
         created_at = excluded.created_at, execution_id = excluded.execution_id, swept_at = excluded.swept_at`,
    )
    .bind(swept.workspaceId, swept.cursor.createdAt, swept.cursor.executionId, swept.at);
  await db.$client.batch([noteStatement(db, swept.stragglers), move]);
}

/** Notes when to look at runs again, and forgets those that are done with. */
export async function noteStragglers(
  db: Database,
  { later, done }: { later: readonly Straggler[]; done: readonly string[] },
): Promise<void> {
  const forget = db.$client
    .prepare("DELETE FROM archive_straggler WHERE execution_id IN (SELECT value FROM json_each(?1))")
    .bind(JSON.stringify(done));
  await db.$client.batch([noteStatement(db, later), forget]);
}

function noteStatement(db: Database, stragglers: readonly Straggler[]): D1PreparedStatement {
  return db.$client
    .prepare(
      `INSERT INTO archive_straggler (execution_id, workspace_id, due_at)
       SELECT value ->> 'executionId', value ->> 'workspaceId', value ->> 'dueAt' FROM json_each(?1) WHERE true
       ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at`,
    )
    .bind(JSON.stringify(stragglers));
}

/** False when the run is not in the lists any more. */
export async function markArchived(
  db: Database,
  run: { workspaceId: string; executionId: string; at: number },
): Promise<boolean> {
  const [marked] = await db.$client.batch([
    db.$client
      .prepare(
        `UPDATE execution SET archived_at = coalesce(archived_at, ?1)
         WHERE workspace_id = ?3 AND sort_key = ${sortKeyOfId("?3", "?2")} AND deleted_at IS NULL`,
      )
      .bind(run.at, run.executionId, run.workspaceId),
    db.$client.prepare("DELETE FROM archive_straggler WHERE execution_id = ?1").bind(run.executionId),
  ]);
  return (marked?.meta.changes ?? 0) > 0;
}

/** Runs that were deleted before a time and of which only the tombstone is left. */
export async function listTombstones(
  db: Database,
  query: { workspaceId: string; before: number; limit: number },
): Promise<string[]> {
  const { results } = await db.$client
    .prepare("SELECT id FROM execution WHERE workspace_id = ?1 AND deleted_at < ?2 LIMIT ?3")
    .bind(query.workspaceId, query.before, query.limit)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
}

export async function deleteTombstones(db: Database, workspaceId: string, ids: readonly string[]): Promise<void> {
  await db.$client
    .prepare(
      `DELETE FROM execution WHERE workspace_id = ?1 AND deleted_at IS NOT NULL
         AND sort_key IN (SELECT ${sortKeyOfId("?1", "value")} FROM json_each(?2))`,
    )
    .bind(workspaceId, JSON.stringify(ids))
    .run();
}
