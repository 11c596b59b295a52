import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import type { AdmissionTicket } from "#durable-objects/workspace/protocol.ts";
import type { WorkspaceObject } from "#durable-objects/workspace/workspace.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import { ApiClient, createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Failure, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";
import { isolatedObject } from "#test/workerd/isolated-object.testkit.ts";
import { until } from "#test/workerd/until.ts";
import { watchedNamespace } from "#test/workerd/watched-namespace.ts";
import { workspaceStub } from "#worker/env.ts";
import { flowKeyValues } from "#worker/services/admission-key.ts";
import { createGraph, start, takePlace } from "./admission.testkit.ts";

let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  tenant = await createTenant();
  graphId = await createGraph(tenant);
});

/** The calls that a request makes to objects of a class. */
function countCalls(name: "EXECUTIONS" | "WORKSPACES"): { namespace: DurableObjectNamespace; calls: string[] } {
  const calls: string[] = [];
  const namespace = watchedNamespace(name, (method, call) => {
    calls.push(method);
    return call();
  });
  return { namespace, calls };
}

describe("flow settings", () => {
  it("[WA1] [WH1] a run that must wait is QUEUED with the reason, and goes when there is room", async () => {
    const flow: FlowSettings = { concurrency: { limit: 1 } };
    const graph = await createGraph(tenant, flow);
    const free = await takePlace(tenant, graph, flow);
    const held = await start(tenant, { graph_id: graph, wait_seconds: 0 });
    expect([held.status, held.body]).toMatchObject([
      202,
      { status: "QUEUED", queued_reason: { code: "concurrency" }, inputs: { text: "hello" } },
    ]);
    const waiting = start(tenant, { graph_id: graph });
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
      start(tenant, { graph_id: graph.body.id, inputs: {}, wait_seconds: 0 });
    const status = async (id: string): Promise<string> => {
      const { body } = await tenant.client.call<ExecutionView>(`${RUNS}/${id}`);
      return body.status;
    };
    const first = (await begin()).body.id;
    const second = (await begin()).body.id;
    await until(async () => (await status(second)) === "RUNNING");
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
      const untilAdmitted = (id: string): Promise<void> => until(async () => (await standing(id)) === "admitted");
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
      await until(async () => (await queuedBefore()) >= 2);
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
    const graph = await createGraph(tenant, flow);
    const first = await start(tenant, { graph_id: graph, inputs: { text: "a" } });
    expect(first.body.status).toBe("COMPLETED");
    const free = await takePlace(tenant, graph, flow, flowKeyValues(flow, { text: "a" }));
    const same = await start<Failure>(tenant, { graph_id: graph, inputs: { text: "a" } });
    expect([same.status, same.body.error.code]).toEqual([409, "singleton_running"]);
    expect(same.body.error.details).toMatchObject({ execution_id: expect.any(String) });
    expect((await start(tenant, { graph_id: graph, inputs: { text: "b" } })).body.status).toBe("COMPLETED");
    await free();
    expect((await start(tenant, { graph_id: graph, inputs: { text: "a" } })).body.status).toBe("COMPLETED");
  });

  it("[WA3] a throttle with a key holds back the starts of one value", async () => {
    const graph = await createGraph(tenant, { throttle: { limit: 1, period_seconds: 3_600, key: "inputs.text" } });
    const begin = (text: string) => start(tenant, { graph_id: graph, inputs: { text }, wait_seconds: 0 });
    expect((await begin("a")).body.queued_reason).toBeNull();
    const held = await begin("a");
    expect([held.status, held.body.queued_reason?.code]).toEqual([202, "throttle"]);
    expect((await begin("b")).body.queued_reason).toBeNull();
    await tenant.client.call(`${RUNS}/${held.body.id}/cancel`, { method: "POST" });
  });

  it("[WA8] a full queue answers 429 with Retry-After, and takes no key", async () => {
    const small = await createTenant();
    const graph = await createGraph(small, { throttle: { limit: 1, period_seconds: 3_600 } });
    const inside = workspaceStub(testEnv, small.workspaceId) as unknown as DurableObjectStub<WorkspaceObject>;
    await runInDurableObject(inside, (instance) => {
      const own = instance as unknown as { env: object };
      own.env = { ...own.env, WEFT_MAX_QUEUED_RUNS_PER_AGENT: "2" };
    });
    const begin = (key?: string) => start<Failure & ExecutionView>(small, { graph_id: graph, wait_seconds: 0 }, key);
    expect((await begin()).status).toBe(202);
    expect((await begin()).body.queued_reason?.code).toBe("throttle");
    const last = await begin();
    const refused = await begin("k");
    expect([refused.status, refused.body.error.code]).toEqual([429, "too_many_queued"]);
    expect(refused.body.error.details).toEqual({ scope: "agent", queued: 2, limit: 2 });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    await small.client.call(`${RUNS}/${last.body.id}/cancel`, { method: "POST" });
    let accepted = 429;
    await until(async () => {
      accepted = (await begin("k")).status;
      return accepted !== 429;
    });
    expect(accepted).toBe(202);
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
    const limited = await createGraph(tenant, { concurrency: { limit: 5 } });
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
