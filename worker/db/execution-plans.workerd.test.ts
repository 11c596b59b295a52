import { env } from "cloudflare:workers";
import { v5 as uuidv5, v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import {
  deleteTombstones,
  listOldRuns,
  listTombstones,
  markArchived,
  noteStragglers,
  takeDueStragglers,
} from "./archive-table.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";
import { applyExecutionSummaries, readProjectedSeq } from "./execution-projection.ts";
import { summary } from "./execution-summary.testkit.ts";
import {
  deleteExecutionRow,
  hasExecutionRow,
  listExecutions,
  listLastExecutions,
  wasExecutionDeleted,
} from "./execution-table.ts";

const binding = (env as unknown as { DB: D1Database }).DB;

interface Recording {
  db: Database;
  /** Every statement with its values, in the order of their making. */
  statements: { sql: string; values: unknown[] }[];
  /** Of what went through `batch`. */
  rowsWritten: () => number;
}

/** A database that keeps what it is asked. */
function recording(): Recording {
  const statements: Recording["statements"] = [];
  let written = 0;
  const D1 = new Proxy(binding, {
    get: (of, name) => {
      if (name === "prepare") {
        return (sql: string) => {
          const statement = of.prepare(sql);
          return Object.assign(Object.create(statement), {
            bind: (...values: unknown[]) => {
              statements.push({ sql, values });
              return statement.bind(...values);
            },
          });
        };
      }
      if (name === "batch") {
        return async (batch: D1PreparedStatement[]) => {
          const results = await of.batch(batch);
          written += results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
          return results;
        };
      }
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === "function" ? value.bind(of) : value;
    },
  });
  return { db: openDatabase(D1), statements, rowsWritten: () => written };
}

/** How SQLite goes about everything that `work` asks. */
async function plansOf(work: (db: Database) => Promise<unknown>): Promise<string[]> {
  const { db, statements } = recording();
  await work(db);
  expect(statements.length).toBeGreaterThan(0);
  const plans = await Promise.all(
    statements.map(async ({ sql, values }) => {
      const { results } = await binding
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...values)
        .all<{ detail: string }>();
      return results.map(({ detail }) => detail);
    }),
  );
  return plans.flat();
}

/** A run that has completed, with a time in its id. */
const completed = (change: Partial<ExecutionSummary> = {}): ExecutionSummary =>
  summary({ execution_id: uuidv7(), status: "COMPLETED", created_at: Date.now(), ...change });

const workspaceId = "w";
const after = { time: 1_790_000_000_000, id: uuidv7() };
const page = { workspaceId, after, limit: 10 };
const key = { workspaceId, executionId: uuidv5("n2", uuidv7()) };
const LIST = "PRIMARY KEY (workspace_id=? AND sort_key<?)";

describe("what is asked of the table of runs", () => {
  it.each<[name: string, work: (db: Database) => Promise<unknown>, by: string]>([
    ["the runs of a workspace", (db) => listExecutions(db, page), LIST],
    ["those that completed", (db) => listExecutions(db, { ...page, status: ["COMPLETED"] }), LIST],
    ["those of several statuses", (db) => listExecutions(db, { ...page, status: ["FAILED", "REVIEW"] }), LIST],
    [
      "those of an agent",
      (db) => listExecutions(db, { ...page, graphId: "g" }),
      "execution_graph (workspace_id=? AND graph_id=? AND sort_key<?)",
    ],
    [
      "those of an agent that completed",
      (db) => listExecutions(db, { ...page, graphId: "g", status: ["COMPLETED"] }),
      "execution_graph (workspace_id=? AND graph_id=? AND sort_key<?)",
    ],
    [
      "those of another status",
      (db) => listExecutions(db, { ...page, status: ["REVIEW"] }),
      "execution_unusual (workspace_id=? AND status=? AND sort_key<?)",
    ],
    [
      "those to redrive",
      (db) =>
        listExecutions(db, {
          ...page,
          after: null,
          graphId: "g",
          status: ["FAILED"],
          errorCode: "timeout",
          from: 1_000,
          to: 2_000,
        }),
      "execution_unusual (workspace_id=? AND status=? AND sort_key>? AND sort_key<?)",
    ],
    [
      "the newest run of each agent",
      (db) => listLastExecutions(db, { workspaceId, graphIds: ["g", "h"] }),
      "execution_graph (workspace_id=? AND graph_id=?)",
    ],
    [
      "old runs",
      (db) => listOldRuns(db, { workspaceId, after: { createdAt: 1, executionId: "" }, before: 2, limit: 5 }),
      "PRIMARY KEY (workspace_id=? AND sort_key>? AND sort_key<?)",
    ],
    ["stragglers", (db) => takeDueStragglers(db, 1, 10), "PRIMARY KEY (workspace_id=? AND sort_key=?)"],
    [
      "tombstones",
      (db) => listTombstones(db, { workspaceId, before: 1, limit: 10 }),
      "execution_deleted (workspace_id=? AND deleted_at<?)",
    ],
    [
      "the end of tombstones",
      (db) => deleteTombstones(db, workspaceId, [key.executionId]),
      "PRIMARY KEY (workspace_id=? AND sort_key=?)",
    ],
    ["one run", (db) => hasExecutionRow(db, key), "execution_untimed (workspace_id=? AND id=?)"],
    ["a deleted run", (db) => wasExecutionDeleted(db, key), "PRIMARY KEY (workspace_id=? AND sort_key=?)"],
    [
      "a run to delete",
      (db) => deleteExecutionRow(db, { ...key, at: 1 }),
      "PRIMARY KEY (workspace_id=? AND sort_key=?)",
    ],
    [
      "a run that is archived",
      (db) => markArchived(db, { ...key, at: 1 }),
      "PRIMARY KEY (workspace_id=? AND sort_key=?)",
    ],
    ["a run by its id", (db) => readProjectedSeq(db, key), "PRIMARY KEY (workspace_id=? AND sort_key=?)"],
  ])("is found by an index, in its order: %s", async (_, work, by) => {
    const plans = await plansOf(work);
    expect(plans.join("\n")).toContain(by);
    expect(plans.filter((step) => /^SCAN (execution|e)\b|TEMP B-TREE/.test(step))).toEqual([]);
  });

  it("costs a run that completed two rows written, a sub-agent's three", async () => {
    const { db, rowsWritten } = recording();
    await applyExecutionSummaries(db, [completed()]);
    expect(rowsWritten()).toBe(2);
    await applyExecutionSummaries(db, [completed({ execution_id: key.executionId })]);
    expect(rowsWritten()).toBe(5);
  });

  it("finds stragglers and tombstones of both kinds of ids", async () => {
    const db = openDatabase(binding);
    const { workspace_id } = completed();
    const ids = [uuidv7(), uuidv5("n", uuidv7())].toSorted();
    await applyExecutionSummaries(
      db,
      ids.map((execution_id) => completed({ workspace_id, execution_id })),
    );
    const later = ids.map((executionId) => ({ executionId, workspaceId: workspace_id, dueAt: 1 }));
    await noteStragglers(db, { later, done: [] });
    const due = async (): Promise<string[]> =>
      (await takeDueStragglers(db, 1, 10)).map(({ executionId }) => executionId).toSorted();
    expect(await due()).toEqual(ids);
    for (const executionId of ids) {
      await deleteExecutionRow(db, { workspaceId: workspace_id, executionId, at: 1 });
    }
    expect(await due()).toEqual([]);
    const tombstones = (): Promise<string[]> => listTombstones(db, { workspaceId: workspace_id, before: 2, limit: 10 });
    expect((await tombstones()).toSorted()).toEqual(ids);
    await deleteTombstones(db, crypto.randomUUID(), ids);
    expect((await tombstones()).toSorted()).toEqual(ids);
    await deleteTombstones(db, workspace_id, ids);
    expect(await tombstones()).toEqual([]);
  });
});
