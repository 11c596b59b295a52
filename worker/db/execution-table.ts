import { and, desc, eq, gte, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { Database } from "./database.ts";
import { keysetPage } from "./keyset-page.ts";
import type { KeysetPage, KeysetPosition } from "./keyset-page.ts";
import { execution } from "./schema.ts";

export type ExecutionRow = typeof execution.$inferSelect;

export interface ExecutionQuery {
  workspaceId: string;
  graphId?: string | undefined;
  /** Any of these; absent = all. At most the seven that exist. */
  status?: ExecutionStatus[];
  /** Ended with this error. */
  errorCode?: string | undefined;
  /** Created at this time or later, and before that one; ms since the epoch. */
  from?: number | undefined;
  to?: number | undefined;
  after: KeysetPosition | null;
  limit: number;
}

/** Runs of a workspace, newest first, as far as the projection has seen them. */
export async function listExecutions(db: Database, query: ExecutionQuery): Promise<KeysetPage<ExecutionRow>> {
  const { after } = query;
  const rows = await db
    .select()
    .from(execution)
    .where(
      and(
        eq(execution.workspaceId, query.workspaceId),
        isNull(execution.deletedAt),
        query.graphId === undefined ? undefined : eq(execution.graphId, query.graphId),
        query.status === undefined ? undefined : inArray(execution.status, query.status),
        // Says that the index of unusual ones will do.
        query.status === undefined || query.status.includes("COMPLETED") ? undefined : sql`status <> 'COMPLETED'`,
        query.errorCode === undefined ? undefined : sql`${execution.error} ->> '$.code' = ${query.errorCode}`,
        query.from === undefined ? undefined : gte(execution.createdAt, query.from),
        query.to === undefined ? undefined : lt(execution.createdAt, query.to),
        after === null
          ? undefined
          : or(
              lt(execution.createdAt, after.time),
              and(eq(execution.createdAt, after.time), lt(execution.id, after.id)),
            ),
      ),
    )
    .orderBy(desc(execution.createdAt), desc(execution.id))
    .limit(query.limit + 1);
  return keysetPage(rows, query.limit, (row) => ({ time: row.createdAt, id: row.id }));
}

export interface LastExecution {
  graphId: string;
  id: string;
  status: ExecutionStatus;
  startedAt: number | null;
  endedAt: number | null;
}

/** The newest run of each of these graphs, for those that have any. */
export async function listLastExecutions(
  db: Database,
  query: { workspaceId: string; graphIds: string[] },
): Promise<LastExecution[]> {
  const { results } = await db.$client
    .prepare(
      `SELECT e.graph_id AS graphId, e.id, e.status, e.started_at AS startedAt, e.ended_at AS endedAt
       FROM json_each(?1) AS wanted JOIN execution AS e ON e.id = (
         SELECT id FROM execution
         WHERE workspace_id = ?2 AND graph_id = wanted.value AND deleted_at IS NULL
         ORDER BY created_at DESC, id DESC LIMIT 1)`,
    )
    .bind(JSON.stringify(query.graphIds), query.workspaceId)
    .all<LastExecution>();
  return results;
}

/** How long the row of a deleted run stays. */
export const TOMBSTONE_MS = 30 * 24 * 3_600_000;

/**
 * Takes a run out of the lists. Its row stays for 30 days as a tombstone with the highest possible `seq`, because a
 * summary that still waits in the queue (at most 14 days) would otherwise bring the run back. The sweep deletes it then (worker/retention/).
 * False when the workspace has no such run in the lists.
 */
export async function deleteExecutionRow(
  db: Database,
  key: { workspaceId: string; executionId: string; at: number },
): Promise<boolean> {
  const insert = db.$client
    .prepare(
      `INSERT INTO execution
         (id, workspace_id, graph_id, graph_version, graph_name, status, source, seq, stats, created_at, deleted_at)
       VALUES (?1, ?2, '', 0, '', 'TERMINATED', '', ?3, '{}', ?4, ?4)
       ON CONFLICT (id) DO NOTHING`,
    )
    .bind(key.executionId, key.workspaceId, Number.MAX_SAFE_INTEGER, key.at);
  const mark = db.$client
    .prepare(
      `UPDATE execution SET deleted_at = ?1, seq = ?2, error = NULL
       WHERE id = ?3 AND workspace_id = ?4 AND deleted_at IS NULL`,
    )
    .bind(key.at, Number.MAX_SAFE_INTEGER, key.executionId, key.workspaceId);
  const [marked] = await db.$client.batch([mark, insert]);
  return (marked?.meta.changes ?? 0) > 0;
}

/** Whether the run was deleted, as far as is remembered. */
export async function wasExecutionDeleted(
  db: Database,
  key: { workspaceId: string; executionId: string },
): Promise<boolean> {
  const rows = await db
    .select({ deletedAt: execution.deletedAt })
    .from(execution)
    .where(and(eq(execution.id, key.executionId), eq(execution.workspaceId, key.workspaceId)))
    .limit(1);
  return typeof rows[0]?.deletedAt === "number";
}

/** Whether the lists of the workspace hold this run. */
export async function hasExecutionRow(
  db: Database,
  key: { workspaceId: string; executionId: string },
): Promise<boolean> {
  const rows = await db
    .select({ id: execution.id })
    .from(execution)
    .where(
      and(eq(execution.id, key.executionId), eq(execution.workspaceId, key.workspaceId), isNull(execution.deletedAt)),
    )
    .limit(1);
  return rows.length > 0;
}
