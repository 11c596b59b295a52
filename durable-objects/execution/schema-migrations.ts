import type { SqliteStorage } from "./store-sqlite.ts";

/**
 * The object's tables, as numbered steps. A step that has shipped never changes; a change is a new step. Which were applied is
 * recorded in `schema_migrations`, but for the first.
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

/** Names of those of the object's tables that are there. */
export function tablesOf(storage: SqliteStorage): unknown[] {
  return storage.sql
    .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('log', 'schema_migrations')")
    .toArray()
    .map(({ name }) => name);
}

/**
 * Brings the tables to the newest version; does nothing when they are. The table of the first step says itself that it was made: what a new run
 * writes is written by every run, so `schema_migrations` begins with the second step. `tables`: those that are there.
 */
export function migrateSchema(storage: SqliteStorage, tables: readonly unknown[]): void {
  const [row] = tables.includes("schema_migrations")
    ? storage.sql.exec("SELECT max(version) AS version FROM schema_migrations").toArray()
    : [];
  const recorded = typeof row?.["version"] === "number" ? row["version"] : 0;
  const applied = Math.max(recorded, tables.includes("log") ? 1 : 0);
  for (const { version, sql } of SCHEMA_MIGRATIONS) {
    if (version > applied) {
      storage.sql.exec(sql);
      if (version > 1) {
        storage.sql.exec("CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY)");
        storage.sql.exec("INSERT INTO schema_migrations (version) VALUES (?)", version);
      }
    }
  }
}
