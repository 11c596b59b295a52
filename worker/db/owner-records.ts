import { asc, eq } from "drizzle-orm";
import type { Permission } from "#worker/contracts/permission.ts";
import type { Database } from "./database.ts";
import { account, apiKey, session, user, workspace, workspaceMember } from "./schema.ts";

/** What the first owner consists of; ids and secrets are made by the caller. */
export interface OwnerRecords {
  userId: string;
  accountId: string;
  workspaceId: string;
  name: string;
  email: string;
  passwordHash: string;
  workspaceName: string;
  at: number;
}

export interface ApiKeyRecord {
  id: string;
  workspaceId: string;
  userId: string;
  name: string;
  head: string;
  tail: string;
  hash: string;
  scopes: Permission[];
  at: number;
}

/** The owner of the oldest workspace. */
export async function findOwner(
  db: Database,
): Promise<{ userId: string; email: string; workspaceId: string } | undefined> {
  const rows = await db
    .select({ userId: user.id, email: user.email, workspaceId: workspaceMember.workspaceId })
    .from(workspaceMember)
    .innerJoin(user, eq(user.id, workspaceMember.userId))
    .where(eq(workspaceMember.role, "owner"))
    .orderBy(asc(workspaceMember.createdAt), asc(workspaceMember.workspaceId))
    .limit(1);
  return rows[0];
}

/**
 * Writes person, password, workspace, membership and key in one transaction: all or nothing.
 * @throws when the e-mail address is taken, which is how the second of two simultaneous calls loses.
 */
export async function insertOwner(db: Database, owner: OwnerRecords, key: ApiKeyRecord): Promise<void> {
  const at = new Date(owner.at);
  await db.batch([
    db.insert(user).values({
      id: owner.userId,
      name: owner.name,
      email: owner.email,
      emailVerified: true,
      createdAt: at,
      updatedAt: at,
    }),
    // better-auth's own shape of an e-mail and password account.
    db.insert(account).values({
      id: owner.accountId,
      accountId: owner.userId,
      providerId: "credential",
      userId: owner.userId,
      password: owner.passwordHash,
      createdAt: at,
      updatedAt: at,
    }),
    db.insert(workspace).values({ id: owner.workspaceId, name: owner.workspaceName, createdAt: owner.at }),
    db
      .insert(workspaceMember)
      .values({ workspaceId: owner.workspaceId, userId: owner.userId, role: "owner", createdAt: owner.at }),
    db.insert(apiKey).values(apiKeyRow(key)),
  ]);
}

/** Gives the owner a new password and another key, and ends their sessions. */
export async function replaceOwnerSecrets(
  db: Database,
  change: { userId: string; passwordHash: string; key: ApiKeyRecord },
): Promise<void> {
  await db.batch([
    db
      .update(account)
      .set({ password: change.passwordHash, updatedAt: new Date(change.key.at) })
      .where(eq(account.userId, change.userId)),
    db.delete(session).where(eq(session.userId, change.userId)),
    db.insert(apiKey).values(apiKeyRow(change.key)),
  ]);
}

function apiKeyRow({ at, ...key }: ApiKeyRecord): typeof apiKey.$inferInsert {
  return { ...key, status: "ACTIVE", createdAt: at };
}
