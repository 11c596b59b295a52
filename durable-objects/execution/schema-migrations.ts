import type { SqliteStorage } from "./store-sqlite.ts";

/**
 * The object's tables, as numbered steps. A step that has shipped never changes; a change is a new step. Which were applied is
 * recorded in `schema_migrations`.
 */
export const SCHEMA_MIGRATIONS: readonly { version: number; sql: string }[] = [
  {
    version: 1,
    sql: `CREATE TABLE log (
      first_seq INTEGER NOT NULL,
      part INTEGER NOT NULL,
      last_seq INTEGER NOT NULL,
      at INTEGER NOT NULL,
      data TEXT NOT NULL,
      PRIMARY KEY (first_seq, part)
    ) WITHOUT ROWID`,
  },
];

/** Brings the tables to the newest version; does nothing when they are. */
export function migrateSchema(storage: SqliteStorage): void {
  storage.sql.exec("CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY)");
  const [row] = storage.sql.exec("SELECT max(version) AS version FROM schema_migrations").toArray();
  const applied = typeof row?.version === "number" ? row.version : 0;
  for (const { version, sql } of SCHEMA_MIGRATIONS) {
    if (version > applied) {
      storage.sql.exec(sql);
      storage.sql.exec("INSERT INTO schema_migrations (version) VALUES (?)", version);
    }
  }
}
