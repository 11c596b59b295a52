import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MIGRATIONS_DIR } from "./project.ts";
import { StartError } from "./start-error.ts";

/** The part of D1 that migrations need. */
export interface Statement {
  all(): Promise<{ results: Record<string, unknown>[] }>;
  bind(...values: unknown[]): Statement;
  run(): Promise<unknown>;
}
export interface MigratedDatabase {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

const HISTORY = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;
const BREAKPOINT = "--> statement-breakpoint";

/**
 * Brings the database up to date before anything is served, in the way of `wrangler d1 migrations apply`: files of migrations/ in
 * the order of their names, each in one transaction with its row in `d1_migrations`. `open` is called only if there may be
 * something to do: a digest of the files that were applied last lies beside the database.
 */
export async function migrateDatabase(
  resourceDir: string,
  open: () => Promise<{ database: MigratedDatabase; close: () => Promise<void> }>,
): Promise<void> {
  const files = migrationFiles();
  const marker = join(resourceDir, "d1", "migrated");
  const digest = digestOf(files);
  if (existsSync(marker) && readFileSync(marker, "utf8") === digest) return;
  const { database, close } = await open();
  try {
    await applyMigrations(database, files);
  } finally {
    await close();
  }
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, digest);
}

interface MigrationFile {
  name: string;
  sql: string;
}

/** @throws StartError `migration_failed`; the files before the failing one stay applied. */
export async function applyMigrations(database: MigratedDatabase, files: MigrationFile[]): Promise<void> {
  await database.prepare(HISTORY).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((row) => row["name"]));
  for (const { name, sql } of files) {
    if (applied.has(name)) continue;
    const statements = sql.split(BREAKPOINT).filter(hasStatement);
    const record = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    try {
      await database.batch([...statements.map((statement) => database.prepare(statement)), record]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StartError("migration_failed", `The database migration ${name} failed: ${reason}`);
    }
  }
}

function migrationFiles(): MigrationFile[] {
  return readdirSync(MIGRATIONS_DIR)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => ({ name, sql: readFileSync(join(MIGRATIONS_DIR, name), "utf8") }));
}

function digestOf(files: MigrationFile[]): string {
  const hash = createHash("sha1");
  for (const { name, sql } of files) hash.update(`${name}\0${sql}\0`);
  return hash.digest("hex");
}

function hasStatement(sql: string): boolean {
  return sql.replaceAll(/--.*$/gm, "").trim() !== "";
}
