import { asc, eq } from "drizzle-orm";
import type { Database } from "./database.ts";
import { user, workspace, workspaceMember } from "./schema.ts";

export interface Membership {
  workspaceId: string;
  workspaceName: string;
  role: "owner" | "member";
}

/** The workspace that a person works in: the first one they joined. */
export async function findMembership(db: Database, userId: string): Promise<Membership | undefined> {
  const rows = await db
    .select({ workspaceId: workspace.id, workspaceName: workspace.name, role: workspaceMember.role })
    .from(workspaceMember)
    .innerJoin(workspace, eq(workspace.id, workspaceMember.workspaceId))
    .where(eq(workspaceMember.userId, userId))
    .orderBy(asc(workspaceMember.createdAt), asc(workspace.id))
    .limit(1);
  return rows[0];
}

export interface Identity {
  userId: string;
  name: string;
  email: string;
  workspaceId: string;
  workspaceName: string;
  role: "owner" | "member";
}

/** Who somebody is within one workspace; undefined when they are no member of it. */
export async function findIdentity(
  db: Database,
  key: { workspaceId: string; userId: string },
): Promise<Identity | undefined> {
  const rows = await db
    .select({
      userId: user.id,
      name: user.name,
      email: user.email,
      workspaceId: workspace.id,
      workspaceName: workspace.name,
      role: workspaceMember.role,
    })
    .from(workspaceMember)
    .innerJoin(workspace, eq(workspace.id, workspaceMember.workspaceId))
    .innerJoin(user, eq(user.id, workspaceMember.userId))
    .where(eq(workspaceMember.userId, key.userId));
  return rows.find((row) => row.workspaceId === key.workspaceId);
}
