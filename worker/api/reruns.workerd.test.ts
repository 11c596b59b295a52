import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type {
  ExecutionView,
  NodeExecutionDetail,
  NodeExecutionPage,
  NodeExecutionView,
} from "#durable-objects/execution/protocol.ts";
import { ApiClient, createTenant, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output, saveGraph } from "#test/workerd/test-graph.ts";
import type { TestNode } from "#test/workerd/test-graph.ts";
import type { RedriveResult } from "#worker/contracts/rerun.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import { executionStub, workspaceStub } from "#worker/env.ts";
import { fingerprintOf } from "#worker/services/admission-key.ts";

const RUNS = "/api/v1/executions";
const CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79";
const REVIEW = "8b2a7b3c-6e9d-4a5f-8c1b-2e3f4a5b6c7d";
const WEB = "6595ae1f-b924-42cb-9a41-551a0611c4b4";
const NOW = "716a67b3-6760-42e7-86dc-18645c6e00fc";

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

const graph = async (nodes: TestNode[], ...links: string[]): Promise<string> =>
  (await saveGraph(tenant, nodes, ...links)).id;

const calculate = (id: string, operation: string, values: object = {}, weft: object = {}): TestNode => ({
  id,
  block_id: CALCULATOR,
  input_default: { operation, ...values },
  metadata: { weft },
});

/** (a + 1) / b */
const quotient = (): Promise<string> =>
  graph(
    [input("a"), input("b"), calculate("sum", "Add", { b: 1 }), calculate("div", "Divide"), output("q")],
    "in_a.result sum.a",
    "sum.result div.a",
    "in_b.result div.b",
    "div.result out_q.value",
  );

const call = <T = ExecutionView>(path: string, body?: object): Promise<Answer<T>> =>
  tenant.client.call<T>(`${RUNS}${path}`, { method: "POST", ...(body === undefined ? {} : { body }) });

const start = (graph_id: string, inputs: object, more: object = {}): Promise<Answer<ExecutionView>> =>
  call("", { graph_id, inputs, wait_seconds: 30, ...more });

async function nodesOf(id: string): Promise<Record<string, NodeExecutionView>> {
  const page = await tenant.client.call<NodeExecutionPage>(`${RUNS}/${id}/nodes?limit=100`);
  return Object.fromEntries(page.body.items.map((node) => [node.node_id, node]));
}

async function reusedOf(id: string): Promise<Record<string, string | null>> {
  return Object.fromEntries(Object.entries(await nodesOf(id)).map(([node, { reused }]) => [node, reused]));
}

describe("retry", () => {
  it("[RU5] takes over what completed, runs what failed, and names the run it came from", async () => {
    const failed = (await start(await quotient(), { a: 1, b: 0 })).body;
    expect(failed).toMatchObject({ status: "FAILED", error: { code: "division_by_zero" }, retried_from: null });
    const retried = await call(`/${failed.id}/retry?wait_seconds=30`);
    expect(retried.status).toBe(200);
    expect(retried.body).toMatchObject({
      status: "FAILED",
      inputs: { a: 1, b: 0 },
      retried_from: failed.id,
      forked_from: null,
    });
    expect(retried.body.id).not.toBe(failed.id);
    expect(await reusedOf(retried.body.id)).toEqual({ in_a: "memo", in_b: "memo", sum: "memo", div: null });
  });

  it("[RU5] [RU6] of a run that was stopped goes on to the end, also after an eviction and after the graph was deleted", async () => {
    const id = await graph(
      [
        input("a"),
        calculate("sum", "Add", { b: 1 }),
        { id: "ask", block_id: REVIEW, input_default: { name: "ok?" } },
        output("sum"),
      ],
      "in_a.result sum.a",
      "sum.result ask.data",
      "ask.approved_data out_sum.value",
    );
    const asked = (await start(id, { a: 41 }, { wait_seconds: 1 })).body;
    const early = await call<{ error: { code: string } }>(`/${asked.id}/retry`);
    expect([early.status, early.body.error.code]).toEqual([409, "execution_not_ended"]);
    await call(`/${asked.id}/cancel`);
    await tenant.client.call(`/api/v1/graphs/${id}`, { method: "DELETE" });
    const retried = await call(`/${asked.id}/retry`);
    expect(retried.status).toBe(202);
    let reviews: { review_id: string }[] = [];
    for (let looks = 0; reviews.length === 0 && looks < 50; looks += 1) {
      await executionStub(testEnv, retried.body.id).wait(tenant.workspaceId, 200);
      reviews = (await tenant.client.call<{ items: { review_id: string }[] }>(`${RUNS}/${retried.body.id}/reviews`))
        .body.items;
    }
    await evictDurableObject(executionStub(testEnv, retried.body.id) as unknown as DurableObjectStub);
    await call(`/${retried.body.id}/reviews/${reviews[0]?.review_id}`, { approved: true });
    const ended = await executionStub(testEnv, retried.body.id).wait(tenant.workspaceId, 30_000);
    expect(ended).toMatchObject({ ok: true, value: { status: "COMPLETED", outputs: { sum: [42] }, graph_id: id } });
    expect(await reusedOf(retried.body.id)).toEqual({ in_a: "memo", sum: "memo", ask: null, out_sum: null });
  });

  it("is not for strangers", async () => {
    const { body } = await start(await quotient(), { a: 1, b: 0 });
    const stranger = await createTenant();
    for (const [path, sent] of [
      [`/${body.id}/retry`, undefined],
      [`/${body.id}/fork`, { node_execution_id: "n1" }],
      ["/not-an-id/retry", undefined],
    ] as const) {
      const refused = await stranger.client.call(`${RUNS}${path}`, {
        method: "POST",
        ...(sent === undefined ? {} : { body: sent }),
      });
      expect(refused.status).toBe(404);
    }
    expect((await stranger.client.call(`${RUNS}/${body.id}/nodes/n1`)).status).toBe(404);
    const reader = await createTenant({ scopes: ["READ_GRAPH"] });
    expect((await reader.client.call(`${RUNS}/redrive`, { body: { filter: { status: "FAILED" } } })).status).toBe(403);
  });
});

describe("fork", () => {
  it("[FK1] [FK2] goes on from a node execution with other values", async () => {
    const failed = (await start(await quotient(), { a: 1, b: 0 })).body;
    const { div } = await nodesOf(failed.id);
    const forked = await call(`/${failed.id}/fork?wait_seconds=30`, {
      node_execution_id: div?.node_execution_id,
      inputs: { b: 4 },
    });
    expect(forked.body).toMatchObject({
      status: "COMPLETED",
      outputs: { q: [0.5] },
      retried_from: null,
      forked_from: { execution_id: failed.id, node_execution_id: div?.node_execution_id },
    });
    expect(await reusedOf(forked.body.id)).toEqual({ in_a: "memo", in_b: "memo", sum: "memo", div: null, out_q: null });
    expect((await nodesOf(forked.body.id)).div?.input).toEqual({ a: 2, b: 4 });
    const again = await call(`/${forked.body.id}/fork?wait_seconds=30`, {
      node_execution_id: "n1",
      inputs: { value: 7 },
    });
    expect(again.body.outputs).toEqual({});
    expect(again.body).toMatchObject({ status: "FAILED", error: { code: "division_by_zero" } });
  });

  it("[FK3] refuses node executions that the run does not have", async () => {
    const { body } = await start(await quotient(), { a: 1, b: 2 });
    for (const node_execution_id of ["n99", "x", "constructor"]) {
      expect((await call(`/${body.id}/fork`, { node_execution_id })).status).toBe(404);
    }
    expect((await call(`/${body.id}/fork`, {})).status).toBe(422);
  });
});

describe("keys of reruns", () => {
  const keyed = <T = ExecutionView>(path: string, key: string, body?: object): Promise<Answer<T>> =>
    tenant.client.call<T>(`${RUNS}${path}`, {
      method: "POST",
      headers: { "idempotency-key": key },
      ...(body === undefined ? {} : { body }),
    });
  const failed = async (): Promise<ExecutionView> => (await start(await quotient(), { a: 1, b: 0 })).body;

  it("[WI6] the same key is the same new run, however often and however simultaneously it comes", async () => {
    const { id } = await failed();
    const first = await keyed(`/${id}/retry?wait_seconds=30`, "retry-1");
    expect(first).toMatchObject({ status: 200, body: { retried_from: id } });
    expect((await keyed(`/${id.toUpperCase()}/retry`, "retry-1")).body.id).toBe(first.body.id);
    const together = await Promise.all(
      Array.from({ length: 4 }, () => keyed(`/${id}/retry?wait_seconds=30`, "retry-2")),
    );
    expect(new Set(together.map(({ body }) => body.id)).size).toBe(1);
    expect(together[0]?.body.id).not.toBe(first.body.id);

    const { div } = await nodesOf(id);
    const point = { node_execution_id: div?.node_execution_id, inputs: { b: 4 } };
    const forked = await keyed(`/${id}/fork?wait_seconds=30`, "fork-1", point);
    expect(forked.body.outputs).toEqual({ q: [0.5] });
    expect((await keyed(`/${id}/fork`, "fork-1", point)).body.id).toBe(forked.body.id);
  });

  it("[WI2] [WI6] refuses another rerun with a key that was used", async () => {
    const { id } = await failed();
    const other = await failed();
    const { div, sum } = await nodesOf(id);
    const point = { node_execution_id: div?.node_execution_id, inputs: { b: 4 } };
    await keyed(`/${id}/retry`, "retry-3");
    await keyed(`/${id}/fork`, "fork-3", point);
    for (const [path, key, body] of [
      [`/${other.id}/retry`, "retry-3", undefined],
      [`/${id}/fork`, "retry-3", point],
      [`/${id}/retry`, "fork-3", undefined],
      [`/${id}/fork`, "fork-3", { ...point, inputs: { b: 5 } }],
      [`/${id}/fork`, "fork-3", { ...point, node_execution_id: sum?.node_execution_id }],
    ] as const) {
      const refused = await keyed<{ error: { code: string } }>(path, key, body);
      expect([refused.status, refused.body.error.code]).toEqual([409, "idempotency_conflict"]);
    }
    expect((await keyed(`/${id}/retry`, "a b")).status).toBe(422);
  });

  it("[WI4] [WI6] starts what died on the way under the id that it had, and answers when the old run is gone", async () => {
    const { id } = await failed();
    const execution_id = crypto.randomUUID();
    const fingerprint = fingerprintOf({ kind: "retry", execution_id: id });
    const ticket = { execution_id, workspace_id: tenant.workspaceId, graph_id: "g", flow: null, keys: {} };
    const workspace = workspaceStub(testEnv, tenant.workspaceId);
    await workspace.begin({ ticket, idempotency: { key: "retry-4", fingerprint } });
    const started = await keyed(`/${id}/retry?wait_seconds=30`, "retry-4");
    expect(started).toMatchObject({ status: 200, body: { id: execution_id, status: "FAILED", retried_from: id } });
    await tenant.client.call(`${RUNS}/${id}`, { method: "DELETE" });
    expect((await keyed(`/${id}/retry`, "retry-4")).body.id).toBe(execution_id);
    expect((await keyed(`/${id}/retry`, "retry-5")).status).toBe(404);
  });
});

describe("redrive", () => {
  it("retries what the filter finds and says what became of each", async () => {
    const id = await quotient();
    const failed = [
      await listed((await start(id, { a: 1, b: 0 })).body),
      await listed((await start(id, { a: 2, b: 0 })).body),
    ];
    await listed((await start(id, { a: 1, b: 1 })).body);
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
    const id = await quotient();
    const failed: string[] = [];
    for (let run = 0; run < 3; run += 1) failed.unshift(await listed((await start(id, { a: run, b: 0 })).body));
    const filter = { graph_id: id, status: "FAILED", limit: 2 };
    const page = (cursor?: string): Promise<Answer<RedriveResult>> =>
      tenant.client.call<RedriveResult>(`${RUNS}/redrive`, { body: { filter, cursor } });
    const first = (await page()).body;
    expect(first.items.map(({ execution_id }) => execution_id)).toEqual(failed.slice(0, 2));
    const second = (await page(first.next_cursor ?? "")).body;
    expect(second.items.map(({ execution_id }) => execution_id)).toEqual(failed.slice(2));
    expect(second.next_cursor).toBeNull();
    expect((await page("nonsense")).status).toBe(400);
  });

  it("[WI7] called again, answers with the runs that it has started already", async () => {
    const id = await quotient();
    const failed = [
      await listed((await start(id, { a: 1, b: 0 })).body),
      await listed((await start(id, { a: 2, b: 0 })).body),
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
    const id = await quotient();
    const divided: string[] = [];
    for (let run = 0; run < 3; run += 1) {
      divided.push(await listed((await start(id, { a: run, b: 0 })).body));
    }
    const other = await listed((await start(id, { a: 1e308, b: 1e-10 })).body);
    const filter = { graph_id: id, status: "FAILED" };
    const observed = watchReruns();
    const answer = await redriven({ ...filter, error_code: "division_by_zero" }, observed.client);
    expect(answer.map(({ execution_id }) => execution_id).sort()).toEqual([...divided].sort());
    expect([observed.reruns(), observed.most()]).toEqual([3, 1]);
    expect(await redriven({ ...filter, error_code: "no_such_code" })).toEqual([]);
    expect((await redriven(filter)).map(({ execution_id }) => execution_id)).toContain(other);
  });

  /** The tenant's client, and how many runs were asked for what they hand over: in all, and most at a time. */
  function watchReruns(): { client: ApiClient; reruns: () => number; most: () => number } {
    let [all, now, most] = [0, 0, 0];
    const EXECUTIONS = new Proxy(testEnv.EXECUTIONS, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (key !== "get") {
          return typeof member === "function" ? (member.bind(target) as unknown) : member;
        }
        return (objectId: DurableObjectId) =>
          new Proxy(target.get(objectId), {
            get:
              (stub, method) =>
              async (...args: unknown[]) => {
                const counted = method === "rerun" ? 1 : 0;
                all += counted;
                now += counted;
                most = Math.max(most, now);
                const call = (stub as unknown as Record<string, (...given: unknown[]) => unknown>)[String(method)];
                try {
                  return await call?.(...args);
                } finally {
                  now -= counted;
                }
              },
          });
      },
    });
    const client = new ApiClient({ "x-api-key": tenant.apiKey }, { env: { ...testEnv, EXECUTIONS } });
    return { client, reruns: () => all, most: () => most };
  }

  it.each([{}, { status: "COMPLETED" }, { status: "FAILED", limit: 101 }, { status: "FAILED", from: "yesterday" }])(
    "refuses the filter %j",
    async (filter) => {
      expect((await call("/redrive", { filter })).status).toBe(422);
    },
  );

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
});

describe("one node execution", () => {
  it("[ND1] is told with its attempts and causes", async () => {
    const { body } = await start(await quotient(), { a: 1, b: 0 });
    const { div, sum } = await nodesOf(body.id);
    const detail = await tenant.client.call<NodeExecutionDetail>(`${RUNS}/${body.id}/nodes/${div?.node_execution_id}`);
    expect(detail.body).toMatchObject({
      ...div,
      attempts: [{ attempt: 1, outcome: "failed", error: { code: "division_by_zero" } }],
      missing_pins: [],
      explanation: { code: "failed" },
    });
    expect(detail.body.causes).toContainEqual(
      expect.objectContaining({
        pin: "a",
        node_id: "sum",
        node_execution_id: sum?.node_execution_id,
        source_name: "result",
      }),
    );
    expect((await tenant.client.call(`${RUNS}/${body.id}/nodes/n99`)).status).toBe(404);
  });
});

describe("runs of a part", () => {
  it("[RU8] runs up to a node, whatever is wrong behind it", async () => {
    const id = await graph(
      [input("a"), input("unused"), calculate("sum", "Add", { b: 1 }), calculate("unfinished", "Add"), output("s")],
      "in_a.result sum.a",
      "sum.result out_s.value",
    );
    expect((await start(id, { a: 1 })).status).toBe(422);
    const part = await start(id, { a: 1 }, { until_node_id: "sum" });
    expect(part.body).toMatchObject({ status: "COMPLETED", outputs: {}, inputs: { a: 1 } });
    expect(part.body.shape).toEqual({ until_node_id: "sum" });
    expect((await nodesOf(part.body.id)).sum?.output).toEqual({ result: [2] });
    expect(Object.keys(await nodesOf(part.body.id))).toEqual(["in_a", "sum"]);
  });

  it("[RU8] runs one node with its pins from the inputs", async () => {
    const id = await quotient();
    const one = await start(id, { a: 9, b: 3 }, { only_node_id: "div" });
    expect(one.body).toMatchObject({ status: "COMPLETED", shape: { only_node_id: "div" } });
    expect(await nodesOf(one.body.id)).toMatchObject({ div: { output: { result: [3] } } });
    expect((await start(id, { a: 9 }, { only_node_id: "div" })).status).toBe(422);
  });

  it("refuses nodes that are not there, and two parts at once", async () => {
    const id = await quotient();
    for (const more of [
      { only_node_id: "x" },
      { until_node_id: "x" },
      { pinned: { x: { result: [1] } } },
      { only_node_id: "div", until_node_id: "div" },
    ]) {
      expect((await start(id, { a: 1, b: 1 }, more)).status).toBe(422);
    }
    expect((await start(id, { a: 1, b: 1 }, { pinned: { div: { result: 1 } } })).status).toBe(422);
  });
});

describe("pinned outputs and dry runs", () => {
  it("[RU7] gives pinned outputs only where they are asked for", async () => {
    const id = await graph(
      [input("a"), calculate("sum", "Add", { b: 1 }, { pinned: { result: [100, 200] } }), output("s")],
      "in_a.result sum.a",
      "sum.result out_s.value",
    );
    expect((await start(id, { a: 1 })).body.outputs).toEqual({ s: [2] });
    expect((await start(id, { a: 1 }, { pinned: true })).body.outputs).toEqual({ s: [100, 200] });
    const given = (await start(id, { a: 1 }, { pinned: { sum: { result: [5] } } })).body;
    expect(given.outputs).toEqual({ s: [5] });
    expect(given.shape).toEqual({ pinned_node_ids: ["sum"] });
    expect(await reusedOf(given.id)).toEqual({ in_a: null, sum: "pinned", out_s: null });
  });

  it("[RU7] samples the inputs that a dry run lacks, says which, and takes the others as they are given", async () => {
    const id = await graph([input("a"), input("b"), output("r")], "in_a.result out_r.value");
    const dry = await start(id, { b: "mine" }, { dry_run: true });
    expect(dry.body).toMatchObject({ status: "COMPLETED", inputs: { b: "mine" }, sampled_inputs: ["a"] });
    expect(dry.body.outputs.r).toEqual([dry.body.inputs.a]);
    const again = await call(`/${dry.body.id}/retry?wait_seconds=30`);
    expect(again.body).toMatchObject({ inputs: dry.body.inputs, sampled_inputs: ["a"] });
    const complete = await start(id, { a: "x", b: "y" }, { dry_run: true });
    expect(complete.body).not.toHaveProperty("sampled_inputs");
    expect((await start(id, { a: 1, no: 2 }, { dry_run: true })).status).toBe(422);
    expect((await start(id, { b: "mine" })).status).toBe(422);
  });

  it("[RU7] touches nothing outside in a dry run", async () => {
    const id = await graph(
      [input("a"), { id: "web", block_id: WEB, input_default: { url: "https://nowhere.invalid/" } }, output("r")],
      "in_a.result web.body",
      "web.response out_r.value",
    );
    const dry = await start(id, { a: { x: 1 } }, { dry_run: true });
    expect(dry.body).toMatchObject({ status: "COMPLETED", dry_run: true });
    expect(await reusedOf(dry.body.id)).toMatchObject({ web: "sample" });
    expect(dry.body.outputs.r).toHaveLength(1);
    const real = await start(id, { a: { x: 1 } });
    expect(real.body.dry_run).toBe(false);
    expect((await nodesOf(real.body.id)).web?.reused).toBeNull();
    const again = await call(`/${dry.body.id}/retry?wait_seconds=30`);
    expect(again.body).toMatchObject({ status: "COMPLETED", dry_run: true });
  });
});

describe("the cache of node results", () => {
  it("[RU9] serves an equal execution of another run, and no other", async () => {
    const id = await graph(
      [
        input("trigger"),
        { id: "now", block_id: NOW, metadata: { weft: { cache: { ttl_seconds: 600 } } } },
        output("t"),
      ],
      "in_trigger.result now.trigger",
      "now.date_time out_t.value",
    );
    const first = (await start(id, { trigger: "x" })).body;
    const second = (await start(id, { trigger: "x" })).body;
    const third = (await start(id, { trigger: "y" })).body;
    expect(second.outputs).toEqual(first.outputs);
    const reused = await Promise.all([first, second, third].map(async (run) => (await reusedOf(run.id)).now));
    expect(reused).toEqual([null, "cache", null]);
  });
});
