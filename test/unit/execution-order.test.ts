import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { v5 as uuidv5, v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import { sortKeyOf } from "#worker/db/sort-key.ts";

const MIGRATIONS = new URL("../../migrations/", import.meta.url);
const NOW = 1_790_000_000_123;
const TWO_DAYS = 2 * 24 * 3_600_000;

/** A database as of the migrations whose names fulfil `which`. */
function migrate(database: DatabaseSync, which: (name: string) => boolean): void {
  for (const name of readdirSync(MIGRATIONS).toSorted()) {
    if (name.endsWith(".sql") && which(name)) {
      database.exec(readFileSync(new URL(name, MIGRATIONS), "utf8"));
    }
  }
}

describe("the migration to the order of ids", () => {
  const database = new DatabaseSync(":memory:");
  migrate(database, (name) => name < "0004");
  const parent = uuidv7({ msecs: NOW });
  const runs = [
    { id: parent, createdAt: NOW + 3, deletedAt: null },
    { id: uuidv5("n2", parent), createdAt: NOW + 500_000, deletedAt: null },
    { id: uuidv7({ msecs: NOW + 600_000 }), createdAt: NOW + 600_000, deletedAt: 1 },
    { id: uuidv5("n3", parent), createdAt: NOW + 700_000, deletedAt: 1 },
  ];
  const insert = database.prepare(
    `INSERT INTO execution (id, workspace_id, graph_id, graph_version, graph_name, status, source, seq, error, stats,
       created_at, started_at, ended_at, deleted_at, archived_at)
     VALUES (?, 'w', 'g', 2, 'Graph', 'FAILED', 'api', 7, '{"code":"x"}', '{}', ?, 4, 5, ?, 6)`,
  );
  for (const { id, createdAt, deletedAt } of runs) {
    insert.run(id, createdAt, deletedAt);
  }
  database.exec(`INSERT INTO archive_cursor VALUES ('w', ${NOW}, '${parent}', 9), ('new', 5, 'x', 9)`);
  const before = database.prepare("SELECT * FROM execution ORDER BY created_at").all();
  migrate(database, (name) => name >= "0004");

  it("keeps every run with all that was known of it, and gives it the key that the Worker gives", () => {
    const rows = database.prepare("SELECT * FROM execution ORDER BY sort_key").all();
    expect(rows).toEqual(before.map((row, index) => ({ ...row, sort_key: sortKeyOf(runs[index] ?? never()) })));
  });

  it("lets the sweep begin a little before where it was", () => {
    const cursors = database.prepare("SELECT * FROM archive_cursor ORDER BY workspace_id").all();
    expect(cursors).toEqual([
      { workspace_id: "new", created_at: 0, execution_id: "", swept_at: 9 },
      { workspace_id: "w", created_at: NOW - TWO_DAYS, execution_id: "", swept_at: 9 },
    ]);
  });

  it("refuses a second row of a run", () => {
    const again = database.prepare(
      `INSERT INTO execution (workspace_id, sort_key, id, graph_id, graph_version, graph_name, status, source, seq, stats, created_at)
       VALUES ('w', ?, ?, 'g', 1, '', 'FAILED', 'api', 1, '{}', 1)`,
    );
    for (const { id } of runs) {
      expect(() => again.run(sortKeyOf({ id, createdAt: 1 }), id)).toThrow("UNIQUE constraint failed");
    }
  });
});

function never(): never {
  throw new Error("there are more rows than runs");
}
