import type { SqliteStorage } from "../execution/store-sqlite.ts";

/**
 * The object's tables, as numbered steps. A step that has shipped never changes; a change is a new step. Which were applied is
 * recorded in `schema_migrations`. No table has a second index: each would be one more row written.
 */
export const SCHEMA_MIGRATIONS: readonly { version: number; sql: readonly string[] }[] = [
  {
    version: 1,
    sql: [
      "CREATE TABLE run (execution_id TEXT PRIMARY KEY, queued_at INTEGER NOT NULL, data TEXT NOT NULL) WITHOUT ROWID",
      `CREATE TABLE start (graph_id TEXT NOT NULL, at INTEGER NOT NULL, execution_id TEXT NOT NULL,
        PRIMARY KEY (graph_id, at, execution_id)) WITHOUT ROWID`,
      `CREATE TABLE idempotency_key (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, execution_id TEXT NOT NULL,
        expires_at INTEGER NOT NULL) WITHOUT ROWID`,
      "CREATE TABLE figures (subject TEXT NOT NULL, hour INTEGER NOT NULL, data TEXT NOT NULL, PRIMARY KEY (subject, hour)) WITHOUT ROWID",
      `CREATE TABLE outlier (graph_id TEXT NOT NULL, at INTEGER NOT NULL, execution_id TEXT NOT NULL, duration_ms INTEGER NOT NULL,
        p99_ms INTEGER NOT NULL, PRIMARY KEY (graph_id, at, execution_id)) WITHOUT ROWID`,
    ],
  },
  {
    // Throttle by key: starts of before have none.
    version: 2,
    sql: ["ALTER TABLE start ADD COLUMN key TEXT NOT NULL DEFAULT ''"],
  },
];

/** Brings the tables to the newest version; does nothing when they are. */
export function migrateSchema(storage: SqliteStorage): void {
  storage.sql.exec("CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY)");
  const [row] = storage.sql.exec("SELECT max(version) AS version FROM schema_migrations").toArray();
  const applied = typeof row?.version === "number" ? row.version : 0;
  for (const { version, sql } of SCHEMA_MIGRATIONS) {
    if (version > applied) {
      for (const statement of sql) {
        storage.sql.exec(statement);
      }
      storage.sql.exec("INSERT INTO schema_migrations (version) VALUES (?)", version);
    }
  }
}
