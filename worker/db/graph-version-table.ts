import { and, desc, eq, lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import type { GraphKey, NewGraphVersion } from "./graph-table.ts";
import { graphVersion } from "./schema.ts";

export type GraphVersionRow = typeof graphVersion.$inferSelect;

export interface GraphVersionSummary {
  version: number;
  name: string;
  nodeCount: number;
  createdAt: number;
  createdBy: string;
}

export async function findGraphVersion(
  db: Database,
  key: GraphKey & { version: number },
): Promise<GraphVersionRow | undefined> {
  const rows = await db
    .select()
    .from(graphVersion)
    .where(
      and(
        eq(graphVersion.graphId, key.graphId),
        eq(graphVersion.version, key.version),
        eq(graphVersion.workspaceId, key.workspaceId),
      ),
    )
    .limit(1);
  return rows[0];
}

/** Newest first; `before` is the version number of the last item of the page before. */
export async function listGraphVersions(
  db: Database,
  query: GraphKey & { before: number | null; limit: number },
): Promise<{ items: GraphVersionSummary[]; next: number | null }> {
  const rows = await db
    .select({
      version: graphVersion.version,
      name: graphVersion.name,
      nodeCount: graphVersion.nodeCount,
      createdAt: graphVersion.createdAt,
      createdBy: graphVersion.createdBy,
    })
    .from(graphVersion)
    .where(
      and(
        eq(graphVersion.graphId, query.graphId),
        eq(graphVersion.workspaceId, query.workspaceId),
        query.before === null ? undefined : lt(graphVersion.version, query.before),
      ),
    )
    .orderBy(desc(graphVersion.version))
    .limit(query.limit + 1);
  const items = rows.slice(0, query.limit);
  return { items, next: rows.length > query.limit ? (items.at(-1)?.version ?? null) : null };
}

/**
 * Adds version `row.version` if the graph's latest is the one before it, and moves the graph on to it; both or neither.
 * False when somebody else saved in between (or the graph is gone): nothing was written.
 */
export async function appendGraphVersion(
  db: Database,
  row: NewGraphVersion & { description: string; activate: boolean },
): Promise<boolean> {
  const base = row.version - 1;
  const [inserted] = await db.$client.batch([
    db.$client
      .prepare(
        `INSERT INTO graph_version
           (graph_id, version, workspace_id, name, node_count, content, content_key, created_at, created_by)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
         WHERE EXISTS (SELECT 1 FROM graph WHERE id = ?1 AND workspace_id = ?3 AND latest_version = ?10)`,
      )
      .bind(
        row.graphId,
        row.version,
        row.workspaceId,
        row.name,
        row.nodeCount,
        row.content ?? null,
        row.contentKey ?? null,
        row.createdAt,
        row.createdBy,
        base,
      ),
    db.$client
      .prepare(
        `UPDATE graph SET latest_version = ?2, name = ?4, description = ?5, updated_at = ?6,
           active_version = CASE WHEN ?7 THEN ?2 ELSE active_version END
         WHERE id = ?1 AND workspace_id = ?3 AND latest_version = ?8`,
      )
      .bind(
        row.graphId,
        row.version,
        row.workspaceId,
        row.name,
        row.description,
        row.createdAt,
        row.activate ? 1 : 0,
        base,
      ),
  ]);
  return (inserted?.meta.changes ?? 0) > 0;
}
