import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { agentFile } from "#test/agent-file.ts";
import { RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { until } from "#test/workerd/until.ts";
import { openDatabase } from "#worker/db/database.ts";
import { readProjectedSeq } from "#worker/db/execution-projection.ts";
import { executionStub } from "#worker/env.ts";
import type { ArchiveDeps } from "./archive-run.ts";
import { sweepRuns } from "./sweep.ts";
import type { Sweep } from "./sweep.ts";

export const DAY = 24 * 3_600_000;
export const db = openDatabase(testEnv.DB);
export const files = testEnv.FILES;

/** What a sweep works with in so many days. */
export function sweepDeps(days: number): ArchiveDeps {
  return { db, files, object: (id) => executionStub(testEnv, id), now: () => Date.now() + days * DAY };
}

/** The sweep in so many days. */
export const sweep = (days: number, retention = 30): Promise<Sweep> => sweepRuns(sweepDeps(days), retention);

/** The next sweep is the first one. */
export async function forgetSweeps(): Promise<void> {
  await testEnv.DB.batch([
    testEnv.DB.prepare("DELETE FROM archive_cursor"),
    testEnv.DB.prepare("DELETE FROM archive_straggler"),
  ]);
}

/** Up to which event the list of runs knows a run. */
export const listedSeq = (tenant: Tenant, executionId: string): Promise<number | null> =>
  readProjectedSeq(db, { workspaceId: tenant.workspaceId, executionId });

/** Each item of `items` plus one, divided by `by`. */
export async function startRun(tenant: Tenant, by: number, items: number[] = [1, 2, 3]): Promise<ExecutionView> {
  const file = agentFile("Test", "Divides what is one more than each item.", {
    nodes: {
      items: ["input", { name: "items" }],
      by: ["input", { name: "by" }],
      each: ["steps"],
      sum: ["calculator", { operation: "Add", b: 1 }],
      div: ["calculator", { operation: "Divide" }],
      out: ["output", { name: "q" }],
      all: ["collect"],
      sums: ["output", { name: "sums" }],
    },
    links: [
      ["items.result", "each.items"],
      ["each.item", "sum.a"],
      ["sum.result", "div.a"],
      ["by.result", "div.b", true],
      ["div.result", "out.value"],
      ["sum.result", "all.item"],
      ["all.list", "sums.value"],
    ],
  });
  const graph = await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: file });
  const run = await tenant.client.call<ExecutionView>(RUNS, {
    body: { graph_id: graph.body.id, inputs: { items, by }, wait_seconds: 30 },
  });
  expect(run.status, JSON.stringify(run.body)).toBe(200);
  await until(async () => (await listedSeq(tenant, run.body.id)) === run.body.last_seq);
  return run.body;
}

export async function get(by: Tenant, path: string): Promise<Answer<unknown>> {
  return by.client.call<unknown>(`${RUNS}/${path}`);
}

/** Whether a run's object has neither tables nor an alarm. */
export async function isEmpty(id: string): Promise<boolean> {
  const inside = executionStub(testEnv, id) as unknown as DurableObjectStub<ExecutionObject>;
  return runInDurableObject(inside, async (_, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'").toArray();
    return tables.length === 0 && (await storage.getAlarm()) === null;
  });
}

export async function archivedAt(id: string): Promise<number | null> {
  const row = await testEnv.DB.prepare("SELECT archived_at FROM execution WHERE id = ?").bind(id).first<{
    archived_at: number | null;
  }>();
  return row?.archived_at ?? null;
}
