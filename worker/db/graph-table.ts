import { and, desc, eq, lt, or, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { keysetPage } from "./keyset-page.ts";
import type { KeysetPage, KeysetPosition } from "./keyset-page.ts";
import { graph, graphVersion } from "./schema.ts";

export type GraphRow = typeof graph.$inferSelect;

export interface GraphKey {
  workspaceId: string;
  graphId: string;
}

export async function findGraph(db: Database, key: GraphKey): Promise<GraphRow | undefined> {
  const rows = await db.select().from(graph).where(ofWorkspace(key)).limit(1);
  return rows[0];
}

/** Newest change first; `search` is a part of the name, in any case. */
export async function listGraphs(
  db: Database,
  query: { workspaceId: string; search?: string; after: KeysetPosition | null; limit: number },
): Promise<KeysetPage<GraphRow>> {
  const { after } = query;
  const rows = await db
    .select()
    .from(graph)
    .where(
      and(
        eq(graph.workspaceId, query.workspaceId),
        // instr, not LIKE: D1 caps LIKE patterns at 50 bytes, and a name may hold % and _.
        query.search === undefined ? undefined : sql`instr(lower(${graph.name}), lower(${query.search})) > 0`,
        after === null
          ? undefined
          : or(lt(graph.updatedAt, after.time), and(eq(graph.updatedAt, after.time), lt(graph.id, after.id))),
      ),
    )
    .orderBy(desc(graph.updatedAt), desc(graph.id))
    .limit(query.limit + 1);
  return keysetPage(rows, query.limit, (row) => ({ time: row.updatedAt, id: row.id }));
}

export type NewGraphVersion = typeof graphVersion.$inferInsert;

/** A graph and its first version, in one transaction. */
export async function insertGraph(db: Database, row: GraphRow, first: NewGraphVersion): Promise<void> {
  await db.batch([db.insert(graph).values(row), db.insert(graphVersion).values(first)]);
}

/**
 * Points the graph at a version that exists. False when graph or version is not there.
 */
export async function activateVersion(db: Database, key: GraphKey & { version: number; at: number }): Promise<boolean> {
  const result = await db.$client
    .prepare(
      `UPDATE graph SET active_version = ?1, updated_at = ?2
       WHERE id = ?3 AND workspace_id = ?4
         AND EXISTS (SELECT 1 FROM graph_version WHERE graph_id = ?3 AND version = ?1 AND workspace_id = ?4)`,
    )
    .bind(key.version, key.at, key.graphId, key.workspaceId)
    .run();
  return result.meta.changes > 0;
}

/** Deletes a graph with all its versions (by cascade); its runs stay. False when it was not there. */
export async function deleteGraph(db: Database, key: GraphKey): Promise<boolean> {
  const rows = await db.delete(graph).where(ofWorkspace(key)).returning({ id: graph.id });
  return rows.length > 0;
}

function ofWorkspace(key: GraphKey) {
  return and(eq(graph.id, key.graphId), eq(graph.workspaceId, key.workspaceId));
}
