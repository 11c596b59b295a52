import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { SqliteExecutionStore } from "#durable-objects/execution/store-sqlite.ts";
import { Figures } from "#durable-objects/workspace/core/figures.ts";
import { ALL_HOURS } from "#durable-objects/workspace/core/predictor.ts";
import type { AdmissionTicket } from "#durable-objects/workspace/protocol.ts";
import { SqliteWorkspaceStore } from "#durable-objects/workspace/store-sqlite.ts";
import type { WorkspaceObject } from "#durable-objects/workspace/workspace.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import { ApiClient, createTenant, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph, OUTPUT_BLOCK } from "#test/workerd/echo-graph.ts";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import { isolatedObject, nodeExecutionsOf, valueOf } from "#test/workerd/isolated-object.testkit.ts";
import { executionStub, workspaceStub } from "#worker/env.ts";
import { fingerprintOf } from "#worker/services/admission-key.ts";

const RUNS = "/api/v1/executions";
const AGENT_BLOCK = "e189baac-8c20-45a1-94a7-55177ea42565";

interface Failure {
  error: { code: string; message: string; details: Record<string, unknown> };
}

let tenant: Tenant;
let graphId: string;

async function createGraph(flow?: FlowSettings, of: Tenant = tenant): Promise<string> {
  const change = flow === undefined ? {} : { metadata: { weft: { flow } } };
  const answer = await of.client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph(change) });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

beforeAll(async () => {
  tenant = await createTenant();
  graphId = await createGraph();
});

function start<T = ExecutionView>(key: string | undefined, body: object = {}, of: Tenant = tenant): Promise<Answer<T>> {
  return of.client.call<T>(RUNS, {
    body: { graph_id: graphId, inputs: { text: "hello" }, wait_seconds: 30, ...body },
    headers: { "idempotency-key": key },
  });
}

/** Takes a place for a run of this graph that does not exist: whoever comes next has to wait. */
async function takePlace(
  graph: string,
  flow: FlowSettings,
  keys: AdmissionTicket["keys"] = {},
): Promise<() => Promise<void>> {
  const stub = workspaceStub(testEnv, tenant.workspaceId);
  const execution_id = crypto.randomUUID();
  const ticket = { execution_id, workspace_id: tenant.workspaceId, graph_id: graph, flow, keys };
  expect(await stub.begin({ ticket })).toMatchObject({ kind: "start", counted: true });
  return () => stub.release([execution_id], "ended");
}

/** Lets the runtime deliver what is on its way between objects and queues. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

/** The calls that a request makes to objects of a class. */
function countCalls(name: "EXECUTIONS" | "WORKSPACES"): { namespace: DurableObjectNamespace; calls: string[] } {
  const calls: string[] = [];
  const namespace = new Proxy(testEnv[name], {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (key !== "get") {
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      }
      return (id: DurableObjectId) =>
        new Proxy(target.get(id), {
          get: (stub, method) => {
            calls.push(String(method));
            return (...args: unknown[]) =>
              (stub as unknown as Record<string, (...all: unknown[]) => unknown>)[String(method)]?.(...args);
          },
        });
    },
  });
  return { namespace, calls };
}

describe("Idempotency-Key", () => {
  it("[WI1] is one run, however often and however simultaneously it comes", async () => {
    const first = await start("key-1");
    expect([first.status, first.body.status]).toEqual([200, "COMPLETED"]);
    const again = await Promise.all(Array.from({ length: 4 }, () => start("key-1", { wait_seconds: 0 })));
    expect(again.map(({ body }) => body.id)).toEqual(Array.from({ length: 4 }, () => first.body.id));
    const together = await Promise.all(Array.from({ length: 6 }, () => start("key-2")));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(together.map(({ body }) => body.id)).size).toBe(1);
    expect(together[0]?.body.id).not.toBe(first.body.id);
  });

  it("[WI1] does not care for the order of inputs or for how long the caller waits", async () => {
    const inputs = { text: "x" };
    const first = await start("key-3", { inputs, wait_seconds: 1 });
    expect((await start("key-3", { wait_seconds: 2, inputs })).body.id).toBe(first.body.id);
    expect(fingerprintOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(fingerprintOf({ b: [{ d: 3, c: 2 }], a: 1 }));
  });

  it("[WI2] refuses another request", async () => {
    await start("key-4");
    for (const other of [{ inputs: { text: "other" } }, { graph_version: 1 }]) {
      const answer = await start<Failure>("key-4", other);
      expect([answer.status, answer.body.error.code]).toEqual([409, "idempotency_conflict"]);
    }
  });

  it("is each workspace's own", async () => {
    const other = await createTenant();
    const theirs = await createGraph(undefined, other);
    const first = await start("key-5");
    const second = await start("key-5", { graph_id: theirs }, other);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it.each(["", " ", "ä", "a b", "x".repeat(256)])("must be visible ASCII: %j", async (key) => {
    const encoded = key === "ä" ? "\u00e4" : key;
    const answer = await start<Failure>(encoded);
    expect([answer.status, answer.body.error.code]).toEqual([422, "invalid_request"]);
  });

  it("[WI4] starts the run whose first request died on the way, under the id that it had", async () => {
    const execution_id = crypto.randomUUID();
    const fingerprint = fingerprintOf({ graph_id: graphId, graph_version: null, inputs: { text: "hello" } });
    const ticket = { execution_id, workspace_id: tenant.workspaceId, graph_id: graphId, flow: null, keys: {} };
    await workspaceStub(testEnv, tenant.workspaceId).begin({ ticket, idempotency: { key: "key-6", fingerprint } });
    const answers = await Promise.all([start("key-6"), start("key-6")]);
    expect(answers.map(({ status, body }) => [status, body.id, body.status])).toEqual([
      [200, execution_id, "COMPLETED"],
      [200, execution_id, "COMPLETED"],
    ]);
  });

  it("[WI4] does not bring a deleted run back", async () => {
    const { body: run } = await start("key-7");
    await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" });
    const answer = await start<Failure>("key-7");
    expect([answer.status, answer.body.error.code]).toEqual([410, "execution_deleted"]);
    expect((await tenant.client.call(`${RUNS}/${run.id}`)).status).toBe(404);
  });

  it("[WI5] still answers when the graph is gone", async () => {
    const gone = await createGraph();
    const { body: run } = await start("key-8", { graph_id: gone });
    await tenant.client.call(`/api/v1/graphs/${gone}`, { method: "DELETE" });
    expect((await start("key-8", { graph_id: gone })).body).toEqual(run);
    expect((await start<Failure>("key-8", { graph_id: gone, inputs: {} })).status).toBe(409);
    expect((await start("key-9", { graph_id: gone })).status).toBe(404);
  });

  it("is not used up by a request that is refused", async () => {
    const refused = await start<Failure>("key-10", { inputs: { nonsense: 1 } });
    expect(refused.status).toBe(422);
    expect((await start("key-10")).status).toBe(200);
  });
});

describe("flow settings", () => {
  it("[WA1] [WH1] a run that must wait is QUEUED with the reason, and goes when there is room", async () => {
    const flow: FlowSettings = { concurrency: { limit: 1 } };
    const graph = await createGraph(flow);
    const free = await takePlace(graph, flow);
    const held = await start(undefined, { graph_id: graph, wait_seconds: 0 });
    expect([held.status, held.body]).toMatchObject([
      202,
      { status: "QUEUED", queued_reason: { code: "concurrency" }, inputs: { text: "hello" } },
    ]);
    const waiting = start(undefined, { graph_id: graph });
    await free();
    expect((await waiting).body).toMatchObject({
      status: "COMPLETED",
      queued_reason: null,
      outputs: { echo: ["hello"] },
    });
    expect((await tenant.client.call(`${RUNS}/${held.body.id}`)).body).toMatchObject({ status: "COMPLETED" });
  });

  it("[WA6] a run that only waits leaves its place to others", async () => {
    const timer = { id: "t", block_id: "d67a9c52-5e4e-11e2-bcfd-0800200c9a71", input_default: { hours: 1 } };
    const flow: FlowSettings = { concurrency: { limit: 1 } };
    const graph = await tenant.client.call<{ id: string }>("/api/v1/graphs", {
      body: { ...echoGraph({ metadata: { weft: { flow } } }), nodes: [{ ...timer, metadata: {} }], links: [] },
    });
    expect(graph.status).toBe(201);
    const begin = (): Promise<Answer<ExecutionView>> =>
      start(undefined, { graph_id: graph.body.id, inputs: {}, wait_seconds: 0 });
    const status = async (id: string): Promise<string> => {
      const { body } = await tenant.client.call<ExecutionView>(`${RUNS}/${id}`);
      return body.status;
    };
    const first = (await begin()).body.id;
    const second = (await begin()).body.id;
    while ((await status(second)) !== "RUNNING") {
      await turn();
    }
    expect(await status(first)).toBe("RUNNING");
    for (const id of [first, second]) {
      await tenant.client.call(`${RUNS}/${id}/cancel`, { method: "POST" });
    }
  });

  describe("[WA6] a run of which nothing goes on leaves its place, and takes one again when it goes on:", () => {
    const flow: FlowSettings = { concurrency: { limit: 1 } };

    /** A run with the only place of its agent, worked on by the test; a second one that waits for it; a third for later. */
    async function placed() {
      const workspace_id = tenant.workspaceId;
      const stub = workspaceStub(testEnv, workspace_id);
      const object = await isolatedObject();
      const graph_id = crypto.randomUUID();
      const ticketOf = (execution_id: string): AdmissionTicket => ({
        execution_id,
        workspace_id,
        graph_id,
        flow,
        keys: {},
      });
      const ticket = ticketOf(object.id);
      expect(await stub.begin({ ticket })).toMatchObject({ kind: "start", counted: true });
      const retry = { max_attempts: 3, backoff_ms: 0, max_backoff_ms: 0 };
      const of = plan({ a: { effects: "idempotent", retry } }, [], { graph_id });
      const run = { execution_id: object.id, workspace_id, plan: of, inputs: {}, source: "test" };
      await object.stub.start({ ...run, admission: { ticket, hold: null } }, 0);
      const begin = async (): Promise<[string, string]> => {
        const other = ticketOf(crypto.randomUUID());
        const answer = await stub.begin({ ticket: other });
        return [other.execution_id, answer.kind];
      };
      const standing = async (id: string): Promise<string> => (await stub.reacquire(ticketOf(id))).kind;
      const untilAdmitted = async (id: string): Promise<void> => {
        while ((await standing(id)) !== "admitted") {
          await turn();
        }
      };
      const queuedBefore = async (): Promise<number> => (await stub.estimate(graph_id)).queued_before;
      const [second, kind] = await begin();
      expect(kind).toBe("hold");
      return { object, stub, workspace: workspace_id, begin, standing, untilAdmitted, queuedBefore, second };
    }

    it("paused", async () => {
      const { object, stub, workspace, begin, standing, untilAdmitted, queuedBefore, second } = await placed();
      valueOf(await object.stub.pause(workspace));
      await untilAdmitted(second);
      valueOf(await object.stub.unpause(workspace));
      const [third, kind] = await begin();
      expect(kind).toBe("hold");
      while ((await queuedBefore()) < 2) {
        await turn();
      }
      await stub.release([second], "ended");
      expect([await standing(object.id), await standing(third)]).toEqual(["admitted", "queued"]);
      valueOf(await object.stub.cancel(workspace, "enough"));
      await untilAdmitted(third);
    });

    it("in a long pause before another attempt", async () => {
      const { object, workspace, untilAdmitted, second } = await placed();
      const next = { consumer: "test", pool: "io", max: 1 } as const;
      const { leases } = await object.stub.lease(next);
      const [lease] = leases;
      const error = { code: "remote_busy", message: "Busy." };
      const end = { status: "failed", duration_ms: 1, error, retryable: true, retry_after_ms: 3_600_000 } as const;
      const report = {
        node_execution_id: lease?.node_execution_id ?? "",
        attempt: 1,
        first_output: 0,
        outputs: [],
        end,
      };
      await object.stub.report([report], { ...next, max: -1 }, null);
      await untilAdmitted(second);
      valueOf(await object.stub.cancel(workspace, "enough"));
    });
  });

  it("[WA1] a key keeps the values of an input apart", async () => {
    const flow: FlowSettings = { singleton: { mode: "skip", key: "inputs.text" } };
    const graph = await createGraph(flow);
    const first = await start(undefined, { graph_id: graph, inputs: { text: "a" } });
    expect(first.body.status).toBe("COMPLETED");
    const { flowKeyValues } = await import("#worker/services/admission-key.ts");
    const free = await takePlace(graph, flow, flowKeyValues(flow, { text: "a" }));
    const same = await start<Failure>(undefined, { graph_id: graph, inputs: { text: "a" } });
    expect([same.status, same.body.error.code]).toEqual([409, "singleton_running"]);
    expect(same.body.error.details).toMatchObject({ execution_id: expect.any(String) });
    expect((await start(undefined, { graph_id: graph, inputs: { text: "b" } })).body.status).toBe("COMPLETED");
    await free();
    expect((await start(undefined, { graph_id: graph, inputs: { text: "a" } })).body.status).toBe("COMPLETED");
  });

  it("[WA3] a throttle with a key holds back the starts of one value", async () => {
    const graph = await createGraph({ throttle: { limit: 1, period_seconds: 3_600, key: "inputs.text" } });
    const begin = (text: string) => start(undefined, { graph_id: graph, inputs: { text }, wait_seconds: 0 });
    expect((await begin("a")).body.queued_reason).toBeNull();
    const held = await begin("a");
    expect([held.status, held.body.queued_reason?.code]).toEqual([202, "throttle"]);
    expect((await begin("b")).body.queued_reason).toBeNull();
    await tenant.client.call(`${RUNS}/${held.body.id}/cancel`, { method: "POST" });
  });

  it("[WA8] a full queue answers 429 with Retry-After, and takes no key", async () => {
    const small = await createTenant();
    const graph = await createGraph({ throttle: { limit: 1, period_seconds: 3_600 } }, small);
    const inside = workspaceStub(testEnv, small.workspaceId) as unknown as DurableObjectStub<WorkspaceObject>;
    await runInDurableObject(inside, (instance) => {
      const own = instance as unknown as { env: object };
      own.env = { ...own.env, WEFT_MAX_QUEUED_RUNS_PER_AGENT: "2" };
    });
    const begin = (key?: string) => start<Failure & ExecutionView>(key, { graph_id: graph, wait_seconds: 0 }, small);
    expect((await begin()).status).toBe(202);
    expect((await begin()).body.queued_reason?.code).toBe("throttle");
    const last = await begin();
    const refused = await begin("k");
    expect([refused.status, refused.body.error.code]).toEqual([429, "too_many_queued"]);
    expect(refused.body.error.details).toEqual({ scope: "agent", queued: 2, limit: 2 });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    await small.client.call(`${RUNS}/${last.body.id}/cancel`, { method: "POST" });
    let accepted = await begin("k");
    while (accepted.status === 429) {
      await turn();
      accepted = await begin("k");
    }
    expect(accepted.status).toBe(202);
  });

  it("answers 503 with Retry-After when the workspace's object cannot keep up, and starts nothing", async () => {
    const overloaded = Object.assign(new Error("too many requests"), { overloaded: true });
    const WORKSPACES = { idFromName: () => "", get: () => ({ begin: () => Promise.reject(overloaded) }) };
    const executions = countCalls("EXECUTIONS");
    const env = {
      ...testEnv,
      WORKSPACES: WORKSPACES as unknown as DurableObjectNamespace,
      EXECUTIONS: executions.namespace,
    };
    const client = new ApiClient({ "x-api-key": tenant.apiKey }, { env });
    const headers = { "idempotency-key": "overloaded" };
    const answer = await client.call<Failure>(RUNS, { body: { graph_id: graphId, inputs: { text: "x" } }, headers });
    expect([answer.status, answer.body.error.code, answer.headers.get("retry-after")]).toEqual([
      503,
      "overloaded",
      "2",
    ]);
    expect(executions.calls).toEqual([]);
  });

  it("is checked when a graph is saved", async () => {
    const save = (flow: unknown): Promise<Answer<Failure>> =>
      tenant.client.call<Failure>("/api/v1/graphs", { body: echoGraph({ metadata: { weft: { flow } } }) });
    const wrong = await save({ concurrency: { limit: 0 } });
    expect([wrong.status, wrong.body.error.code]).toEqual([422, "invalid_graph"]);
    expect(JSON.stringify(wrong.body.error.details)).toContain("metadata.weft.flow.concurrency.limit");
    const unknown = await save({ concurrency: { limit: 1, key: "inputs.customer" } });
    expect([unknown.status, unknown.body.error.code]).toEqual([422, "invalid_graph"]);
    expect(unknown.body.error.message).toContain('"inputs.customer"');
  });
});

describe("what admission costs", () => {
  it("[WC1] nothing for a run without settings and key, one call for any other", async () => {
    const limited = await createGraph({ concurrency: { limit: 5 } });
    const [executions, workspaces] = [countCalls("EXECUTIONS"), countCalls("WORKSPACES")];
    const env = { ...testEnv, EXECUTIONS: executions.namespace, WORKSPACES: workspaces.namespace };
    const client = new ApiClient({ "x-api-key": tenant.apiKey }, { env });
    const run = async (graph: string, key?: string): Promise<string[]> => {
      const body = { graph_id: graph, inputs: { text: "x" }, wait_seconds: 30 };
      executions.calls.length = 0;
      workspaces.calls.length = 0;
      const answer = await client.call(RUNS, { body, headers: { "idempotency-key": key } });
      expect(answer.status).toBe(200);
      return [...workspaces.calls, ...executions.calls];
    };
    // The first of an isolate also fetches leave for those that follow, beside its own start.
    await run(graphId);
    expect(await run(graphId)).toEqual(["adopt"]);
    expect(await run(graphId)).toEqual(["adopt"]);
    expect(await run(limited)).toEqual(["begin", "adopt"]);
    expect(await run(graphId, "cost")).toEqual(["begin", "adopt"]);
    expect(await run(graphId, "cost")).toEqual(["begin", "wait"]);
  });
});

describe("what is known of blocks", () => {
  it("[WP6] reaches a start with a key or settings, and the runs that it starts", async () => {
    const own = await createTenant();
    const figures = new Figures();
    for (let count = 0; count < 60; count += 1) {
      figures.add({ durationMs: 2_000, busyMs: 2_000, tokens: 0, costUsd: null, size: 5 });
    }
    const workspace = workspaceStub(testEnv, own.workspaceId) as unknown as DurableObjectStub<WorkspaceObject>;
    await runInDurableObject(workspace, (_, { storage }) =>
      new SqliteWorkspaceStore(storage).writeFigures([
        { subject: `b:${OUTPUT_BLOCK}`, hour: ALL_HOURS, data: figures.toData() },
      ]),
    );
    const pools = async (id: string): Promise<string[]> => {
      const inside = executionStub(testEnv, id) as unknown as DurableObjectStub<ExecutionObject>;
      const header = await runInDurableObject(inside, (_, { storage }) => new SqliteExecutionStore(storage).header());
      return (header?.plan.nodes ?? []).map(({ pool }) => pool);
    };
    const child = await createGraph(undefined, own);
    const schema = (name: string): object => ({ type: "object", properties: { [name]: {} }, required: [] });
    const agent = {
      id: "agent",
      block_id: AGENT_BLOCK,
      input_default: {
        user_id: "",
        graph_id: child,
        graph_version: 1,
        inputs: { text: "hello" },
        input_schema: schema("text"),
        output_schema: schema("echo"),
      },
    };
    const parent = await own.client.call<{ id: string }>("/api/v1/graphs", {
      body: { ...echoGraph(), nodes: [agent], links: [] },
    });
    const first = await start("hints", { graph_id: parent.body.id, inputs: {} }, own);
    expect(first.body.status).toBe("COMPLETED");
    const [node] = await nodeExecutionsOf({ stub: executionStub(testEnv, first.body.id) }, own.workspaceId);
    expect(await pools(childExecutionId(first.body.id, node?.node_execution_id ?? ""))).toEqual(["io", "cpu"]);
    const keyed = await start("more-hints", { graph_id: child }, own);
    expect(await pools(keyed.body.id)).toEqual(["io", "cpu"]);
    const limited = await createGraph({ concurrency: { limit: 3 } }, own);
    const second = await start(undefined, { graph_id: limited }, own);
    expect(await pools(second.body.id)).toEqual(["io", "cpu"]);
  });
});

describe("an estimate", () => {
  it("[WP3] comes from the whole, real runs so far", async () => {
    const own = await createTenant();
    const graph = await createGraph(undefined, own);
    const estimate = (): Promise<Answer<EstimateView>> =>
      own.client.call<EstimateView>(`/api/v1/graphs/${graph}/estimate`);
    expect((await estimate()).body).toEqual({
      graph_id: graph,
      sample_size: 0,
      basis: "none",
      duration_ms: null,
      tokens: null,
      cost_usd: null,
      size: null,
      memory_class: null,
      queued_before: 0,
      outliers: [],
    });
    for (const shape of [{ until_node_id: "in" }, { only_node_id: "out" }, { dry_run: true }]) {
      const inputs = "only_node_id" in shape ? { value: "hello" } : { text: "hello" };
      expect((await start(undefined, { graph_id: graph, inputs, ...shape }, own)).body.status).toBe("COMPLETED");
    }
    await start(undefined, { graph_id: graph }, own);
    await start(undefined, { graph_id: graph }, own);
    let answer = await estimate();
    while (answer.body.sample_size < 2) {
      await turn();
      answer = await estimate();
    }
    expect(answer.body).toMatchObject({
      sample_size: 2,
      basis: "all",
      tokens: { p50: 0 },
      cost_usd: null,
      memory_class: "small",
    });
    expect(answer.body.size?.p50).toBeGreaterThan("hello".length);
    expect(answer.body.duration_ms?.p90).toBeGreaterThanOrEqual(0);
    const stranger = await createTenant();
    expect((await stranger.client.call(`/api/v1/graphs/${graph}/estimate`)).status).toBe(404);
  });
});
