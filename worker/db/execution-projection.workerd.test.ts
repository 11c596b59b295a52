import { env } from "cloudflare:workers";
import { v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import { openDatabase } from "./database.ts";
import { applyExecutionSummaries, readProjectedSeq } from "./execution-projection.ts";
import { summary } from "./execution-summary.testkit.ts";
import {
  deleteExecutionRow,
  hasExecutionRow,
  listExecutions,
  listLastExecutions,
  wasExecutionDeleted,
} from "./execution-table.ts";

const db = openDatabase((env as unknown as { DB: D1Database }).DB);

async function rows(workspaceId: string) {
  return (await listExecutions(db, { workspaceId, after: null, limit: 100 })).items;
}

const seqOf = ({ execution_id, workspace_id }: ExecutionSummary): Promise<number | null> =>
  readProjectedSeq(db, { workspaceId: workspace_id, executionId: execution_id });

describe("applyExecutionSummaries", () => {
  it("writes what a summary says, value for value", async () => {
    const failed = summary({
      status: "FAILED",
      error: { code: "x", message: 'a "quoted" ü', node_id: "n" },
      ended_at: 9,
    });
    await applyExecutionSummaries(db, [failed]);
    const [row] = await rows(failed.workspace_id);
    expect(row).toEqual({
      id: failed.execution_id,
      sortKey: `00000000-03e8-${failed.execution_id}`,
      workspaceId: failed.workspace_id,
      graphId: "g1",
      graphVersion: 1,
      graphName: "Graph",
      status: "FAILED",
      source: "api",
      seq: 2,
      error: failed.error,
      stats: failed.stats,
      createdAt: 1_000,
      startedAt: 1_001,
      endedAt: 9,
      deletedAt: null,
      archivedAt: null,
    });
  });

  it("keeps the newest whatever the order, within a batch and between batches, however often", async () => {
    const first = summary({ seq: 1, status: "QUEUED", started_at: null });
    const second = { ...first, seq: 5, status: "RUNNING" as const, started_at: 3 };
    const last = { ...second, seq: 9, status: "COMPLETED" as const, ended_at: 7 };
    await applyExecutionSummaries(db, [second, first]);
    await applyExecutionSummaries(db, [last, second]);
    await applyExecutionSummaries(db, [first, last, second]);
    await applyExecutionSummaries(db, [second]);
    expect(await rows(first.workspace_id)).toMatchObject([{ seq: 9, status: "COMPLETED", endedAt: 7, error: null }]);
    expect(await seqOf(first)).toBe(9);
  });

  it("takes more rows than a statement has parameters, and more text than a parameter holds", async () => {
    const workspace_id = crypto.randomUUID();
    const error = { code: "x", message: "m".repeat(30_000) };
    const many = Array.from({ length: 100 }, (_, index) => summary({ workspace_id, error, created_at: index }));
    await applyExecutionSummaries(db, many);
    expect(await rows(workspace_id)).toHaveLength(100);
  });

  it("does nothing for no summaries, and knows no seq of an unknown run", async () => {
    await applyExecutionSummaries(db, []);
    expect(await seqOf(summary())).toBeNull();
  });

  it("keeps one row of a run whose summaries do not agree on when it was created", async () => {
    for (const execution_id of [crypto.randomUUID(), uuidv7()]) {
      const first = summary({ execution_id });
      await applyExecutionSummaries(db, [first]);
      await applyExecutionSummaries(db, [{ ...first, seq: 3, status: "COMPLETED", created_at: 2_000 }]);
      expect(await rows(first.workspace_id)).toMatchObject([{ seq: 3, status: "COMPLETED", createdAt: 1_000 }]);
    }
  });

  it("knows the seq of a run of any kind of id, for its own workspace only", async () => {
    const all = [uuidv7(), crypto.randomUUID()].map((execution_id, index) => summary({ execution_id, seq: index + 5 }));
    await applyExecutionSummaries(db, all);
    expect(await Promise.all(all.map(seqOf))).toEqual([5, 6]);
    const elsewhere = all.map((run) => ({ ...run, workspace_id: crypto.randomUUID() }));
    expect(await Promise.all(elsewhere.map(seqOf))).toEqual([null, null]);
  });

  it("never lets a summary of another workspace touch a row", async () => {
    const mine = summary();
    await applyExecutionSummaries(db, [mine]);
    await applyExecutionSummaries(db, [{ ...mine, workspace_id: crypto.randomUUID(), seq: 99, status: "FAILED" }]);
    expect(await rows(mine.workspace_id)).toMatchObject([{ seq: 2, status: "RUNNING" }]);
  });
});

const NOW = 1_790_000_000_000;

/** Runs as they are made: a person's, whose id has the time, and what each starts, whose id has none; `late` ms pass between the id and the creation. */
function made(count: number, { late = 0 } = {}): { workspace_id: string; all: ExecutionSummary[] } {
  const workspace_id = crypto.randomUUID();
  const all = Array.from({ length: count }, (_, index) => {
    const msecs = NOW + 10 * Math.floor(index / 3);
    const execution_id = index % 3 === 2 ? crypto.randomUUID() : uuidv7({ msecs, seq: index });
    return summary({ workspace_id, execution_id, created_at: msecs + (index % 3 === 0 ? late : 0) });
  });
  return { workspace_id, all };
}

async function pageThrough(workspaceId: string, limit: number, graphId?: string): Promise<string[]> {
  const seen: string[] = [];
  let after: { time: number; id: string } | null = null;
  do {
    const page: Awaited<ReturnType<typeof listExecutions>> = await listExecutions(db, {
      workspaceId,
      graphId,
      after,
      limit,
    });
    seen.push(...page.items.map((row) => row.id));
    after = page.next;
  } while (after !== null);
  return seen;
}

describe("lists of runs", () => {
  it("go newest first, page without gaps or repeats over equal times, and filter", async () => {
    const workspace_id = crypto.randomUUID();
    const all = Array.from({ length: 7 }, (_, index) =>
      summary({
        workspace_id,
        created_at: Math.floor(index / 3),
        graph_id: index % 2 === 0 ? "even" : "odd",
        status: index < 2 ? "FAILED" : "COMPLETED",
      }),
    );
    await applyExecutionSummaries(db, all);
    const seen = await pageThrough(workspace_id, 3);
    const expected = all
      .toSorted((a, b) => b.created_at - a.created_at || (a.execution_id < b.execution_id ? 1 : -1))
      .map((item) => item.execution_id);
    expect(seen).toEqual(expected);
    const query = { workspaceId: workspace_id, after: null, limit: 100 };
    expect((await listExecutions(db, { ...query, graphId: "odd" })).items).toHaveLength(3);
    expect((await listExecutions(db, { ...query, status: ["FAILED"] })).items).toHaveLength(2);
    expect(
      (await listExecutions(db, { ...query, status: ["FAILED", "COMPLETED"], graphId: "even" })).items,
    ).toHaveLength(4);
  });

  it("show runs with and without a time in their ids in the order of creation", async () => {
    const { workspace_id, all } = made(30);
    await applyExecutionSummaries(db, all.toReversed());
    const listed = await rows(workspace_id);
    expect(listed).toHaveLength(30);
    expect(listed.map((row) => row.createdAt)).toEqual(all.map((run) => run.created_at).toReversed());
    for (const limit of [1, 2, 4, 7]) {
      const whole = listed.map((row) => row.id);
      expect(await pageThrough(workspace_id, limit)).toEqual(whole);
      expect(await pageThrough(workspace_id, limit, "g1")).toEqual(whole);
    }
  });

  it("have every run once also when ids and times of creation do not agree", async () => {
    const { workspace_id, all } = made(30, { late: 25 });
    await applyExecutionSummaries(db, all);
    for (const limit of [1, 4]) {
      const seen = await pageThrough(workspace_id, limit);
      expect([seen.length, new Set(seen).size]).toEqual([30, 30]);
    }
  });

  it("find the runs of a time by when they were created, not by their ids", async () => {
    const { workspace_id, all } = made(30, { late: 86_000_000 });
    await applyExecutionSummaries(
      db,
      all.map((run) => ({ ...run, status: "FAILED" })),
    );
    for (const [from, to] of [
      [NOW + 20, NOW + 50],
      [NOW + 86_000_010, NOW + 86_000_040],
    ] as const) {
      const query = { workspaceId: workspace_id, status: ["FAILED" as const], from, to, after: null, limit: 100 };
      const found = (await listExecutions(db, query)).items.map((row) => row.id);
      const expected = all.filter((run) => run.created_at >= from && run.created_at < to);
      expect(found.toSorted()).toEqual(expected.map((run) => run.execution_id).toSorted());
      expect(found.length).toBeGreaterThan(0);
    }
  });

  it("know the newest run of each graph", async () => {
    const workspaceId = crypto.randomUUID();
    const old = summary({ workspace_id: workspaceId, graph_id: "a", created_at: 1 });
    const recent = summary({ workspace_id: workspaceId, graph_id: "a", created_at: 2 });
    const foreign = summary({ graph_id: "b" });
    await applyExecutionSummaries(db, [recent, old, foreign]);
    const last = await listLastExecutions(db, { workspaceId, graphIds: ["a", "b", "c"] });
    expect(last.map((run) => [run.graphId, run.id])).toEqual([["a", recent.execution_id]]);
  });
});

describe("deleteExecutionRow", () => {
  it.each([
    ["with", uuidv7()],
    ["without", crypto.randomUUID()],
  ])("hides a run %s a time in its id, and a late summary does not bring it back", async (_, execution_id) => {
    const run = summary({ execution_id });
    await applyExecutionSummaries(db, [run]);
    const key = { workspaceId: run.workspace_id, executionId: run.execution_id };
    expect(await deleteExecutionRow(db, { ...key, workspaceId: "someone-else", at: 1 })).toBe(false);
    expect(await hasExecutionRow(db, key)).toBe(true);
    expect(await deleteExecutionRow(db, { ...key, at: 1 })).toBe(true);
    expect(await deleteExecutionRow(db, { ...key, at: 2 })).toBe(false);
    await applyExecutionSummaries(db, [{ ...run, seq: 1_000 }]);
    expect(await rows(run.workspace_id)).toEqual([]);
    expect(await hasExecutionRow(db, key)).toBe(false);
  });

  it("also holds against the first summary of a run that the lists have not seen yet", async () => {
    for (const execution_id of [uuidv7(), crypto.randomUUID()]) {
      const run = summary({ execution_id });
      const key = { workspaceId: run.workspace_id, executionId: execution_id };
      await deleteExecutionRow(db, { ...key, at: 1 });
      await applyExecutionSummaries(db, [run]);
      expect(await rows(run.workspace_id)).toEqual([]);
      expect(await wasExecutionDeleted(db, key)).toBe(true);
    }
  });
});
