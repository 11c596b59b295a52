import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { JsonValue } from "#graph/json.ts";
import type { RunError, RunStats } from "#graph/run/event.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { Permission } from "#worker/contracts/permission.ts";

/**
 * Every table of the D1 database. Times are ms since the epoch. Whatever belongs to somebody carries `workspace_id`,
 * and every query names it. The first five tables are better-auth's; its field names are the camelCase keys here.
 */

const authTime = (name: string) => integer(name, { mode: "timestamp_ms" });

export const user = sqliteTable("user", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  email: text("email").notNull().unique(),
  emailVerified: integer("email_verified", { mode: "boolean" }).notNull().default(false),
  image: text("image"),
  createdAt: authTime("created_at").notNull(),
  updatedAt: authTime("updated_at").notNull(),
});

export const session = sqliteTable(
  "session",
  {
    id: text("id").primaryKey(),
    token: text("token").notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    expiresAt: authTime("expires_at").notNull(),
    createdAt: authTime("created_at").notNull(),
    updatedAt: authTime("updated_at").notNull(),
  },
  (table) => [index("session_user").on(table.userId)],
);

export const account = sqliteTable(
  "account",
  {
    id: text("id").primaryKey(),
    accountId: text("account_id").notNull(),
    providerId: text("provider_id").notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    accessToken: text("access_token"),
    refreshToken: text("refresh_token"),
    idToken: text("id_token"),
    accessTokenExpiresAt: authTime("access_token_expires_at"),
    refreshTokenExpiresAt: authTime("refresh_token_expires_at"),
    scope: text("scope"),
    password: text("password"),
    createdAt: authTime("created_at").notNull(),
    updatedAt: authTime("updated_at").notNull(),
  },
  (table) => [index("account_user").on(table.userId)],
);

export const verification = sqliteTable(
  "verification",
  {
    id: text("id").primaryKey(),
    identifier: text("identifier").notNull(),
    value: text("value").notNull(),
    expiresAt: authTime("expires_at").notNull(),
    createdAt: authTime("created_at").notNull(),
    updatedAt: authTime("updated_at").notNull(),
  },
  (table) => [index("verification_identifier").on(table.identifier)],
);

export const rateLimit = sqliteTable("rate_limit", {
  id: text("id").primaryKey(),
  key: text("key").notNull().unique(),
  count: integer("count").notNull(),
  lastRequest: integer("last_request").notNull(),
});

export const workspace = sqliteTable("workspace", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  createdAt: integer("created_at").notNull(),
});

export const workspaceMember = sqliteTable(
  "workspace_member",
  {
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspace.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    role: text("role", { enum: ["owner", "member"] }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.userId] }),
    index("workspace_member_user").on(table.userId, table.createdAt),
  ],
);

export const apiKey = sqliteTable(
  "api_key",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspace.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** First and last characters of the key, for people to tell keys apart. */
    head: text("head").notNull(),
    tail: text("tail").notNull(),
    /** SHA-256 of the whole key, hex. */
    hash: text("hash").notNull().unique(),
    scopes: text("scopes", { mode: "json" }).$type<Permission[]>().notNull(),
    status: text("status", { enum: ["ACTIVE", "REVOKED", "SUSPENDED"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at"),
    revokedAt: integer("revoked_at"),
  },
  (table) => [index("api_key_workspace").on(table.workspaceId, table.createdAt)],
);

export const graph = sqliteTable(
  "graph",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspace.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    description: text("description").notNull(),
    activeVersion: integer("active_version").notNull(),
    /** Highest version ever saved: the base of the optimistic lock. */
    latestVersion: integer("latest_version").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [index("graph_workspace").on(table.workspaceId, table.updatedAt, table.id)],
);

/** Immutable: a version is inserted once and never updated. */
export const graphVersion = sqliteTable(
  "graph_version",
  {
    graphId: text("graph_id")
      .notNull()
      .references(() => graph.id, { onDelete: "cascade" }),
    version: integer("version").notNull(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspace.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    nodeCount: integer("node_count").notNull(),
    /** The file as JSON text, or null when it is too large for a row and lies in R2 under `content_key`. */
    content: text("content"),
    contentKey: text("content_key"),
    createdAt: integer("created_at").notNull(),
    createdBy: text("created_by").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.graphId, table.version] }),
    index("graph_version_workspace").on(table.workspaceId),
  ],
);

/**
 * Projection of what the run's objects report, for lists and filters: rebuildable, never asked while a run goes on. Without row ids (which Drizzle cannot
 * say; migrations/0004), so that the table itself is in the order of the workspace's list and a run is one row of it and one of an index.
 */
export const execution = sqliteTable(
  "execution",
  {
    workspaceId: text("workspace_id").notNull(),
    /** Place in every list, and what a run is found by; made of its id by `sortKeyOf`. */
    sortKey: text("sort_key").notNull(),
    id: text("id").notNull(),
    graphId: text("graph_id").notNull(),
    graphVersion: integer("graph_version").notNull(),
    graphName: text("graph_name").notNull(),
    status: text("status").$type<ExecutionStatus>().notNull(),
    source: text("source").notNull(),
    /** Number of the event that this row reflects; an older one never overwrites it. */
    seq: integer("seq").notNull(),
    error: text("error", { mode: "json" }).$type<RunError | null>(),
    stats: text("stats", { mode: "json" }).$type<RunStats>().notNull(),
    createdAt: integer("created_at").notNull(),
    startedAt: integer("started_at"),
    endedAt: integer("ended_at"),
    /** Set when the run was deleted: the row stays for a while so that a late message cannot bring the run back. */
    deletedAt: integer("deleted_at"),
    /** Set when the run's log has gone from its object to the archive in R2. */
    archivedAt: integer("archived_at"),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.sortKey] }),
    index("execution_graph")
      .on(table.workspaceId, table.graphId, table.sortKey)
      .where(sql`deleted_at IS NULL`),
    // Most runs complete, and each row of an index is paid for: those are found by going through the list.
    index("execution_unusual")
      .on(table.workspaceId, table.status, table.sortKey)
      .where(sql`deleted_at IS NULL AND status <> 'COMPLETED'`),
    index("execution_deleted")
      .on(table.workspaceId, table.deletedAt)
      .where(sql`deleted_at IS NOT NULL`),
    // The sort key of any other run is its id.
    uniqueIndex("execution_untimed")
      .on(table.workspaceId, table.id)
      .where(sql`substr(id, 15, 1) <> '7'`),
  ],
);

/** How far the sweep of a workspace's old runs has come: everything up to this run is archived, or noted in `archive_straggler`. */
export const archiveCursor = sqliteTable("archive_cursor", {
  workspaceId: text("workspace_id").primaryKey(),
  createdAt: integer("created_at").notNull(),
  executionId: text("execution_id").notNull(),
  /** When the workspace had its last turn. */
  sweptAt: integer("swept_at").notNull(),
});

/** Old runs that the sweep has passed and could not archive yet: they go on, or something failed. */
export const archiveStraggler = sqliteTable(
  "archive_straggler",
  {
    executionId: text("execution_id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    /** When to look again. */
    dueAt: integer("due_at").notNull(),
  },
  (table) => [index("archive_straggler_due").on(table.dueAt)],
);

/** Results of node executions whose nodes allow them to serve equal executions for a time. */
export const nodeCache = sqliteTable(
  "node_cache",
  {
    workspaceId: text("workspace_id").notNull(),
    /** Hash of block and input. */
    key: text("key").notNull(),
    outputs: text("outputs", { mode: "json" }).$type<[pin: string, value: JsonValue][]>().notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.key] }),
    index("node_cache_expiry").on(table.workspaceId, table.expiresAt),
  ],
);
