import { evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView, NodeExecutionDetail } from "#durable-objects/execution/protocol.ts";
import { askedPeople } from "#test/workerd/asked-people.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Failure, Tenant } from "#test/workerd/api-client.ts";
import { inputNode as input, outputNode as output } from "#test/workerd/test-graph.ts";
import { executionStub, workspaceStub } from "#worker/env.ts";
import { fingerprintOf } from "#worker/services/admission-key.ts";
import { calculate, rerunApi } from "./reruns.testkit.ts";
import type { RerunApi } from "./reruns.testkit.ts";

let tenant: Tenant;
let api: RerunApi;

beforeAll(async () => {
  tenant = await createTenant();
  api = rerunApi(tenant);
});

describe("retry", () => {
  it("[RU5] takes over what completed, runs what failed, and names the run it came from", async () => {
    const failed = (await api.start(await api.quotient(), { a: 1, b: 0 })).body;
    expect(failed).toMatchObject({ status: "FAILED", error: { code: "division_by_zero" }, retried_from: null });
    const retried = await api.call(`/${failed.id}/retry?wait_seconds=30`);
    expect(retried.status).toBe(200);
    expect(retried.body).toMatchObject({
      status: "FAILED",
      inputs: { a: 1, b: 0 },
      retried_from: failed.id,
      forked_from: null,
    });
    expect(retried.body.id).not.toBe(failed.id);
    expect(await api.reusedOf(retried.body.id)).toEqual({ in_a: "memo", in_b: "memo", sum: "memo", div: null });
  });

  it("[RU5] [RU6] of a run that was stopped goes on to the end, also after an eviction and after the graph was deleted", async () => {
    const id = await api.graph(
      [input("a"), calculate("sum", "Add", { b: 1 }), ["ask", "review", { name: "ok?" }], output("sum")],
      "in_a.result sum.a",
      "sum.result ask.data",
      "ask.approved_data out_sum.value",
    );
    const asked = (await api.start(id, { a: 41 }, { wait_seconds: 1 })).body;
    const early = await api.call<Failure>(`/${asked.id}/retry`);
    expect([early.status, early.body.error.code]).toEqual([409, "execution_not_ended"]);
    await api.call(`/${asked.id}/cancel`);
    await tenant.client.call(`/api/v1/graphs/${id}`, { method: "DELETE" });
    const retried = await api.call(`/${asked.id}/retry`);
    expect(retried.status).toBe(202);
    const [{ review_id }] = await askedPeople(tenant, retried.body.id);
    await evictDurableObject(executionStub(testEnv, retried.body.id) as unknown as DurableObjectStub);
    await api.call(`/${retried.body.id}/reviews/${review_id}`, { approved: true });
    const ended = await executionStub(testEnv, retried.body.id).wait(tenant.workspaceId, 30_000);
    expect(ended).toMatchObject({ ok: true, value: { status: "COMPLETED", outputs: { sum: [42] }, graph_id: id } });
    expect(await api.reusedOf(retried.body.id)).toEqual({ in_a: "memo", sum: "memo", ask: null, out_sum: null });
  });

  it("is not for strangers", async () => {
    const { body } = await api.start(await api.quotient(), { a: 1, b: 0 });
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
    const failed = (await api.start(await api.quotient(), { a: 1, b: 0 })).body;
    const { div } = await api.nodesOf(failed.id);
    const forked = await api.call(`/${failed.id}/fork?wait_seconds=30`, {
      node_execution_id: div?.node_execution_id,
      inputs: { b: 4 },
    });
    expect(forked.body).toMatchObject({
      status: "COMPLETED",
      outputs: { q: [0.5] },
      retried_from: null,
      forked_from: { execution_id: failed.id, node_execution_id: div?.node_execution_id },
    });
    expect(await api.reusedOf(forked.body.id)).toEqual({
      in_a: "memo",
      in_b: "memo",
      sum: "memo",
      div: null,
      out_q: null,
    });
    expect((await api.nodesOf(forked.body.id)).div?.input).toEqual({ a: 2, b: 4 });
    const again = await api.call(`/${forked.body.id}/fork?wait_seconds=30`, {
      node_execution_id: "n1",
      inputs: { value: 7 },
    });
    expect(again.body.outputs).toEqual({});
    expect(again.body).toMatchObject({ status: "FAILED", error: { code: "division_by_zero" } });
  });

  it("[FK3] refuses node executions that the run does not have", async () => {
    const { body } = await api.start(await api.quotient(), { a: 1, b: 2 });
    for (const node_execution_id of ["n99", "x", "constructor"]) {
      expect((await api.call(`/${body.id}/fork`, { node_execution_id })).status).toBe(404);
    }
    expect((await api.call(`/${body.id}/fork`, {})).status).toBe(422);
  });
});

describe("keys of reruns", () => {
  const keyed = <T = ExecutionView>(path: string, key: string, body?: object): Promise<Answer<T>> =>
    tenant.client.call<T>(`${RUNS}${path}`, {
      method: "POST",
      headers: { "idempotency-key": key },
      ...(body === undefined ? {} : { body }),
    });
  const failed = async (): Promise<ExecutionView> => (await api.start(await api.quotient(), { a: 1, b: 0 })).body;

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

    const { div } = await api.nodesOf(id);
    const point = { node_execution_id: div?.node_execution_id, inputs: { b: 4 } };
    const forked = await keyed(`/${id}/fork?wait_seconds=30`, "fork-1", point);
    expect(forked.body.outputs).toEqual({ q: [0.5] });
    expect((await keyed(`/${id}/fork`, "fork-1", point)).body.id).toBe(forked.body.id);
  });

  it("[WI2] [WI6] refuses another rerun with a key that was used", async () => {
    const { id } = await failed();
    const other = await failed();
    const { div, sum } = await api.nodesOf(id);
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
      const refused = await keyed<Failure>(path, key, body);
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

describe("one node execution", () => {
  it("[ND1] is told with its attempts and causes", async () => {
    const { body } = await api.start(await api.quotient(), { a: 1, b: 0 });
    const { div, sum } = await api.nodesOf(body.id);
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
