import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { applyMigrations, type MigratedDatabase } from "./migrate-database.ts";
import { StartError } from "./start-error.ts";

type Statement = ReturnType<MigratedDatabase["prepare"]>;

/** The part of D1 that migrations use, on Node's SQLite: `batch` is one transaction. */
function database(sqlite: DatabaseSync): MigratedDatabase {
  const prepare = (sql: string, values: string[] = []): Statement => ({
    all: () => Promise.resolve({ results: sqlite.prepare(sql).all(...values) }),
    run: () => Promise.resolve(sqlite.prepare(sql).run(...values)),
    bind: (...more: unknown[]) => prepare(sql, more.map(String)),
  });
  return {
    prepare,
    async batch(statements) {
      sqlite.exec("BEGIN");
      try {
        for (const statement of statements) await statement.run();
        sqlite.exec("COMMIT");
      } catch (error) {
        sqlite.exec("ROLLBACK");
        throw error;
      }
    },
  };
}

const one = { name: "0000_one.sql", sql: "CREATE TABLE a (x);\n--> statement-breakpoint\nINSERT INTO a VALUES (1);\n" };
const two = { name: "0001_two.sql", sql: "-- a comment; alone\n--> statement-breakpoint\nINSERT INTO a VALUES (2);" };

function rows(sqlite: DatabaseSync): unknown[] {
  return sqlite
    .prepare("SELECT x FROM a ORDER BY x")
    .all()
    .map(({ x }) => x);
}

describe("applyMigrations", () => {
  it("applies each file once, in order, and records it as wrangler does", async () => {
    const sqlite = new DatabaseSync(":memory:");
    await applyMigrations(database(sqlite), [one]);
    await applyMigrations(database(sqlite), [one, two]);
    expect(rows(sqlite)).toEqual([1, 2]);
    expect(
      sqlite
        .prepare("SELECT id, name FROM d1_migrations")
        .all()
        .map((row) => ({ ...row })),
    ).toEqual([
      { id: 1, name: one.name },
      { id: 2, name: two.name },
    ]);
  });

  it("leaves nothing of a file that fails, and keeps the files before it", async () => {
    const sqlite = new DatabaseSync(":memory:");
    const bad = {
      name: "0001_bad.sql",
      sql: "INSERT INTO a VALUES (9);\n--> statement-breakpoint\nINSERT INTO missing VALUES (1);",
    };
    const failure = applyMigrations(database(sqlite), [one, bad]);
    await expect(failure).rejects.toThrow(StartError);
    await expect(failure).rejects.toThrow(/0001_bad\.sql/);
    expect(rows(sqlite)).toEqual([1]);
    await applyMigrations(database(sqlite), [one, two]);
    expect(rows(sqlite)).toEqual([1, 2]);
  });
});
