import { and, eq, inArray } from "drizzle-orm";
import type { Database } from "./database.ts";
import { apiKey, workspaceMember } from "./schema.ts";

export type ApiKeyRow = typeof apiKey.$inferSelect;

/** An active key by its hash, provided its owner still belongs to the workspace. */
export async function findActiveApiKey(db: Database, hash: string): Promise<ApiKeyRow | undefined> {
  const rows = await db
    .select({ key: apiKey })
    .from(apiKey)
    .innerJoin(
      workspaceMember,
      and(eq(workspaceMember.workspaceId, apiKey.workspaceId), eq(workspaceMember.userId, apiKey.userId)),
    )
    .where(and(eq(apiKey.hash, hash), eq(apiKey.status, "ACTIVE")))
    .limit(1);
  return rows[0]?.key;
}

export async function touchApiKey(db: Database, id: string, at: number): Promise<void> {
  await db.update(apiKey).set({ lastUsedAt: at }).where(eq(apiKey.id, id));
}

/** Revokes a key of the workspace; false when it has none such that was still usable. */
export async function revokeApiKey(
  db: Database,
  key: { workspaceId: string; id: string; at: number },
): Promise<boolean> {
  const rows = await db
    .update(apiKey)
    .set({ status: "REVOKED", revokedAt: key.at })
    .where(
      and(
        eq(apiKey.id, key.id),
        eq(apiKey.workspaceId, key.workspaceId),
        inArray(apiKey.status, ["ACTIVE", "SUSPENDED"]),
      ),
    )
    .returning({ id: apiKey.id });
  return rows.length > 0;
}
