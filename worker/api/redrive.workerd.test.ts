import { beforeAll, describe, expect, it } from "vitest";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { ApiClient, createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { watchedNamespace } from "#test/workerd/watched-namespace.ts";
import type { RedriveResult } from "#worker/contracts/rerun.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import { executionStub } from "#worker/env.ts";
import { rerunApi } from "./reruns.testkit.ts";
import type { RerunApi } from "./reruns.testkit.ts";

let tenant: Tenant;
let api: RerunApi;

beforeAll(async () => {
  tenant = await createTenant();
  api = rerunApi(tenant);
});

/** The tenant's client, and how many runs were asked for what they hand over: in all, and most at a time. */
function watchReruns(): { client: ApiClient; reruns: () => number; most: () => number } {
  let [all, now, most] = [0, 0, 0];
  const EXECUTIONS = watchedNamespace("EXECUTIONS", async (method, call) => {
    if (method !== "rerun") {
      return call();
    }
    all += 1;
    now += 1;
    most = Math.max(most, now);
    try {
      return await call();
    } finally {
      now -= 1;
    }
  });
  const client = new ApiClient({ "x-api-key": tenant.apiKey }, { env: { ...testEnv, EXECUTIONS } });
  return { client, reruns: () => all, most: () => most };
}

async function redriven(
  filter: object,
  client = tenant.client,
): Promise<{ execution_id: string; new_execution_id?: string }[]> {
  const answer = await client.call<{ items: { execution_id: string; new_execution_id?: string }[] }>(
    `${RUNS}/redrive`,
    { body: { filter } },
  );
  return answer.body.items;
}

/** The list of runs follows within moments; here it is told at once. */
async function listed(run: ExecutionView): Promise<string> {
  const { id, graph_id, graph_version, graph_name, status, source, error, stats } = run;
  const times = { created_at: Date.parse(run.created_at), started_at: null, ended_at: null };
  const summary = {
    execution_id: id,
    workspace_id: tenant.workspaceId,
    graph_id,
    graph_version,
    graph_name,
    status,
    source,
    error,
    stats,
    seq: run.last_seq,
  };
  await applyExecutionSummaries(tenant.client.deps.db, [{ ...summary, ...times }]);
  return id;
}

describe("redrive", () => {
  it("retries what the filter finds and says what became of each", async () => {
    const id = await api.quotient();
    const failed = [
      await listed((await api.start(id, { a: 1, b: 0 })).body),
      await listed((await api.start(id, { a: 2, b: 0 })).body),
    ];
    await listed((await api.start(id, { a: 1, b: 1 })).body);
    const filter = { graph_id: id, status: "FAILED" };
    const answer = await redriven(filter);
    expect(answer.map(({ execution_id }) => execution_id).sort()).toEqual([...failed].sort());
    for (const { execution_id, new_execution_id = "" } of answer) {
      const run = await executionStub(testEnv, new_execution_id).wait(tenant.workspaceId, 30_000);
      expect(run).toMatchObject({ ok: true, value: { status: "FAILED", retried_from: execution_id } });
    }
    expect(await redriven({ ...filter, to: "2001-01-01T00:00:00Z" })).toEqual([]);
    expect(await redriven({ ...filter, graph_id: "other" })).toEqual([]);
    expect(await redriven({ ...filter, limit: 1 })).toHaveLength(1);
  });

  it("goes on with older runs where the call before had no room, and never with those that it started", async () => {
    const id = await api.quotient();
    const failed: string[] = [];
    for (let run = 0; run < 3; run += 1) failed.unshift(await listed((await api.start(id, { a: run, b: 0 })).body));
    const filter = { graph_id: id, status: "FAILED", limit: 2 };
    const page = (cursor?: string): Promise<Answer<RedriveResult>> =>
      tenant.client.call<RedriveResult>(`${RUNS}/redrive`, { body: { filter, cursor } });
    const first = (await page()).body;
    expect(first.items.map(({ execution_id }) => execution_id)).toEqual(failed.slice(0, 2));
    for (const { new_execution_id = "" } of first.items) {
      const ended = await executionStub(testEnv, new_execution_id).wait(tenant.workspaceId, 30_000);
      expect(await listed(valueOf(ended))).toBe(new_execution_id);
    }
    const second = (await page(first.next_cursor ?? "")).body;
    expect(second.items.map(({ execution_id }) => execution_id)).toEqual(failed.slice(2));
    expect(second.next_cursor).toBeNull();
    expect((await page("nonsense")).status).toBe(400);
  });

  it("[WI7] called again, answers with the runs that it has started already", async () => {
    const id = await api.quotient();
    const failed = [
      await listed((await api.start(id, { a: 1, b: 0 })).body),
      await listed((await api.start(id, { a: 2, b: 0 })).body),
    ];
    const filter = { graph_id: id, status: "FAILED" };
    const first = await redriven(filter);
    expect(first.map(({ execution_id }) => execution_id).sort()).toEqual([...failed].sort());
    // Nobody has told the list of the new runs, so the filter finds the old ones alone.
    const observed = watchReruns();
    expect(await redriven(filter, observed.client)).toEqual(first);
    expect(observed.reruns()).toBe(0);
  });

  it("takes only runs that ended with an error, one after the other", async () => {
    const id = await api.quotient();
    const divided: string[] = [];
    for (let run = 0; run < 3; run += 1) {
      divided.push(await listed((await api.start(id, { a: run, b: 0 })).body));
    }
    const other = await listed((await api.start(id, { a: 1e308, b: 1e-10 })).body);
    const filter = { graph_id: id, status: "FAILED" };
    const observed = watchReruns();
    const answer = await redriven({ ...filter, error_code: "division_by_zero" }, observed.client);
    expect(answer.map(({ execution_id }) => execution_id).sort()).toEqual([...divided].sort());
    expect([observed.reruns(), observed.most()]).toEqual([3, 1]);
    expect(await redriven({ ...filter, error_code: "no_such_code" })).toEqual([]);
    expect((await redriven(filter)).map(({ execution_id }) => execution_id)).toContain(other);
  });

  it.each([{}, { status: "COMPLETED" }, { status: "FAILED", limit: 101 }, { status: "FAILED", from: "yesterday" }])(
    "refuses the filter %j",
    async (filter) => {
      expect((await api.call("/redrive", { filter })).status).toBe(422);
    },
  );
});
