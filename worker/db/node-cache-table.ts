import { and, eq, gt } from "drizzle-orm";
import type { JsonValue } from "#graph/json.ts";
import type { Database } from "./database.ts";
import { nodeCache } from "./schema.ts";

export type CachedOutputs = [pin: string, value: JsonValue][];

export interface NodeCacheKey {
  workspaceId: string;
  key: string;
}

/** Expired rows that one write clears away. */
const SWEEP = 100;

/** The outputs kept under a key, unless their time is over. */
export async function findCachedOutputs(
  db: Database,
  { workspaceId, key }: NodeCacheKey,
  now: number,
): Promise<CachedOutputs | undefined> {
  const rows = await db
    .select({ outputs: nodeCache.outputs })
    .from(nodeCache)
    .where(and(eq(nodeCache.workspaceId, workspaceId), eq(nodeCache.key, key), gt(nodeCache.expiresAt, now)))
    .limit(1);
  return rows[0]?.outputs;
}

/** Keeps outputs until `expiresAt`, in place of what is there, and clears some of the workspace's expired rows away. */
export async function keepOutputs(
  db: Database,
  { workspaceId, key }: NodeCacheKey,
  { outputs, expiresAt, now }: { outputs: CachedOutputs; expiresAt: number; now: number },
): Promise<void> {
  const keep = db
    .insert(nodeCache)
    .values({ workspaceId, key, outputs, expiresAt })
    .onConflictDoUpdate({ target: [nodeCache.workspaceId, nodeCache.key], set: { outputs, expiresAt } });
  const sweep = db.$client
    .prepare(
      `DELETE FROM node_cache WHERE workspace_id = ?1 AND key IN (
         SELECT key FROM node_cache WHERE workspace_id = ?1 AND expires_at <= ?2 LIMIT ${SWEEP})`,
    )
    .bind(workspaceId, now);
  await keep;
  await sweep.run();
}
