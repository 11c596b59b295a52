import { and, desc, eq, getTableColumns, gte, inArray, isNull, lt, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { Database } from "./database.ts";
import { keysetPage } from "./keyset-page.ts";
import type { KeysetPage, KeysetPosition } from "./keyset-page.ts";
import { execution } from "./schema.ts";
import { sortKeyOf, sortKeyOfId, timeKey } from "./sort-key.ts";

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

/** How far the time in a run's id may be from that of its creation, ms: a start may be repeated for a day under the id that it was given first. */
const CLOCK_DIFFERENCE_MS = 2 * 24 * 3_600_000;

/**
 * Runs of a workspace, newest first, as far as the projection has seen them. One with a time in its id stands at that time, which is its creation's but for the
 * moments of its start; of those that were made more than two days apart from it, `from` and `to` find none.
 */
export async function listExecutions(db: Database, query: ExecutionQuery): Promise<KeysetPage<ExecutionRow>> {
  const { after, from, to } = query;
  const rows = await db
    .select(COLUMNS)
    .from(sourceOf(query))
    .where(
      and(
        eq(execution.workspaceId, query.workspaceId),
        isNull(execution.deletedAt),
        query.graphId === undefined ? undefined : eq(execution.graphId, query.graphId),
        query.status === undefined ? undefined : inArray(execution.status, query.status),
        // Says that the index of unusual ones will do.
        query.status === undefined || query.status.includes("COMPLETED") ? undefined : sql`status <> 'COMPLETED'`,
        query.errorCode === undefined ? undefined : sql`${execution.error} ->> '$.code' = ${query.errorCode}`,
        from === undefined
          ? undefined
          : and(gte(execution.createdAt, from), gte(execution.sortKey, timeKey(from - CLOCK_DIFFERENCE_MS))),
        to === undefined
          ? undefined
          : and(lt(execution.createdAt, to), lt(execution.sortKey, timeKey(to + CLOCK_DIFFERENCE_MS))),
        after === null ? undefined : lt(execution.sortKey, sortKeyOf({ id: after.id, createdAt: after.time })),
      ),
    )
    .orderBy(desc(execution.sortKey))
    .limit(query.limit + 1);
  return keysetPage(rows, query.limit, (row) => ({ time: row.createdAt, id: row.id }));
}

/** As expressions: Drizzle allows a column of a table only where nothing but the table's name follows FROM. */
const COLUMNS = Object.fromEntries(
  Object.entries(getTableColumns(execution)).map(([name, column]) => [name, sql`${column}`.mapWith(column)]),
) as unknown as ReturnType<typeof getTableColumns<typeof execution>>;

/** All are in the same order, and SQLite, which knows nothing of how many rows there are, would go through the whole list for any of them. */
function sourceOf({ graphId, status }: ExecutionQuery): typeof execution | SQL {
  if (status?.length === 1 && !status.includes("COMPLETED")) {
    return sql`${execution} INDEXED BY execution_unusual`;
  }
  return graphId === undefined ? execution : sql`${execution} INDEXED BY execution_graph`;
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
       FROM json_each(?1) AS wanted CROSS JOIN execution AS e
       WHERE e.workspace_id = ?2 AND e.sort_key = (
         SELECT sort_key FROM execution INDEXED BY execution_graph
         WHERE workspace_id = ?2 AND graph_id = wanted.value AND deleted_at IS NULL
         ORDER BY sort_key DESC LIMIT 1)`,
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
         (id, workspace_id, sort_key, graph_id, graph_version, graph_name, status, source, seq, stats, created_at, deleted_at)
       VALUES (?1, ?2, ?5, '', 0, '', 'TERMINATED', '', ?3, '{}', ?4, ?4)
       ON CONFLICT DO NOTHING`,
    )
    .bind(
      key.executionId,
      key.workspaceId,
      Number.MAX_SAFE_INTEGER,
      key.at,
      sortKeyOf({ id: key.executionId, createdAt: key.at }),
    );
  const mark = db.$client
    .prepare(
      `UPDATE execution SET deleted_at = ?1, seq = ?2, error = NULL
       WHERE workspace_id = ?4 AND sort_key = ${sortKeyOfId("?4", "?3")} AND deleted_at IS NULL`,
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
  return typeof (await readRow(db, key))?.deleted_at === "number";
}

/** Whether the lists of the workspace hold this run. */
export async function hasExecutionRow(
  db: Database,
  key: { workspaceId: string; executionId: string },
): Promise<boolean> {
  return (await readRow(db, key))?.deleted_at === null;
}

function readRow(
  db: Database,
  { workspaceId, executionId }: { workspaceId: string; executionId: string },
): Promise<{ deleted_at: number | null } | null> {
  return db.$client
    .prepare(`SELECT deleted_at FROM execution WHERE workspace_id = ?1 AND sort_key = ${sortKeyOfId("?1", "?2")}`)
    .bind(workspaceId, executionId)
    .first<{ deleted_at: number | null }>();
}
