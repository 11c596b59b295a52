import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import { openDatabase } from "./database.ts";
import { applyExecutionSummaries, readProjectedSeq } from "./execution-projection.ts";
import { deleteExecutionRow, hasExecutionRow, listExecutions, listLastExecutions } from "./execution-table.ts";

const db = openDatabase((env as unknown as { DB: D1Database }).DB);

const stats = {
  duration_ms: 5,
  node_time_ms: 4,
  node_execution_count: 3,
  node_error_count: 0,
  input_tokens: 0,
  output_tokens: 0,
};

function summary(change: Partial<ExecutionSummary> = {}): ExecutionSummary {
  return {
    execution_id: crypto.randomUUID(),
    workspace_id: crypto.randomUUID(),
    graph_id: "g1",
    graph_version: 1,
    graph_name: "Graph",
    status: "RUNNING",
    source: "api",
    seq: 2,
    error: null,
    stats,
    created_at: 1_000,
    started_at: 1_001,
    ended_at: null,
    ...change,
  };
}

async function rows(workspaceId: string) {
  return (await listExecutions(db, { workspaceId, after: null, limit: 100 })).items;
}

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
      workspaceId: failed.workspace_id,
      graphId: "g1",
      graphVersion: 1,
      graphName: "Graph",
      status: "FAILED",
      source: "api",
      seq: 2,
      error: failed.error,
      stats,
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
    expect(await readProjectedSeq(db, first.execution_id)).toBe(9);
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
    expect(await readProjectedSeq(db, crypto.randomUUID())).toBeNull();
  });

  it("never lets a summary of another workspace touch a row", async () => {
    const mine = summary();
    await applyExecutionSummaries(db, [mine]);
    await applyExecutionSummaries(db, [{ ...mine, workspace_id: crypto.randomUUID(), seq: 99, status: "FAILED" }]);
    expect(await rows(mine.workspace_id)).toMatchObject([{ seq: 2, status: "RUNNING" }]);
  });
});

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
    const seen: string[] = [];
    let after: { time: number; id: string } | null = null;
    do {
      const page: Awaited<ReturnType<typeof listExecutions>> = await listExecutions(db, {
        workspaceId: workspace_id,
        after,
        limit: 3,
      });
      seen.push(...page.items.map((row) => row.id));
      after = page.next;
    } while (after !== null);
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
  it("hides the run, and a late summary does not bring it back", async () => {
    const run = summary();
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
    const run = summary();
    await deleteExecutionRow(db, { workspaceId: run.workspace_id, executionId: run.execution_id, at: 1 });
    await applyExecutionSummaries(db, [run]);
    expect(await rows(run.workspace_id)).toEqual([]);
  });
});
