import { beforeAll, describe, expect, it } from "vitest";
import { ApiClient, createTenant, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph, INPUT_BLOCK } from "#test/workerd/echo-graph.ts";

const API = "/external-api/v1";
const CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79";
let tenant: Tenant;

/** Objects that answer so. */
function standIn(answers: object): DurableObjectNamespace {
  return new Proxy(testEnv.WORKSPACES, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (key === "get") {
        return () => answers;
      }
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

beforeAll(async () => {
  tenant = await createTenant();
});

describe("AutoGPT's external API v1", () => {
  it("/me", async () => {
    expect((await tenant.client.call(`${API}/me`)).body).toEqual({
      id: tenant.userId,
      name: "Test",
      email: tenant.email,
      timezone: "UTC",
    });
  });

  it("/blocks lists them in AutoGPT's shape", async () => {
    const answer = await tenant.client.call<Record<string, unknown>[]>(`${API}/blocks`);
    const block = answer.body.find((each) => each["id"] === INPUT_BLOCK);
    expect(Object.keys(block ?? {}).toSorted()).toEqual([
      "categories",
      "contributors",
      "costs",
      "description",
      "id",
      "inputSchema",
      "name",
      "outputSchema",
      "staticOutput",
      "uiType",
    ]);
    expect(block).toMatchObject({ staticOutput: true, uiType: "Input", inputSchema: { type: "object" } });
    expect(block?.["categories"]).toContainEqual({ category: "INPUT", description: expect.any(String) });
  });

  it("/blocks/{id}/execute takes the inputs as the body and gives lists by pin", async () => {
    const answer = await tenant.client.call(`${API}/blocks/${CALCULATOR}/execute`, {
      body: { operation: "Add", a: 2, b: 3 },
    });
    expect([answer.status, answer.body]).toEqual([200, { result: [5] }]);
    const unknown = await tenant.client.call(`${API}/blocks/nope/execute`, { body: {} });
    expect([unknown.status, unknown.body]).toMatchObject([404, { detail: expect.any(String), hint: null }]);
    const wrong = await tenant.client.call(`${API}/blocks/${CALCULATOR}/execute`, { body: { operation: "Add" } });
    expect(wrong.status).toBe(400);
  });

  it("a graph is created, run, and its results are read until they are there", async () => {
    const graph = await tenant.client.call<{ id: string; version: number }>(`${API}/graphs`, { body: echoGraph() });
    expect([graph.status, graph.body]).toMatchObject([201, { version: 1, name: "Echo" }]);
    const path = `${API}/graphs/${graph.body.id}`;
    const run = await tenant.client.call<{ id: string }>(`${path}/execute/1`, { body: { node_input: { text: "hi" } } });
    expect([run.status, Object.keys(run.body)]).toEqual([200, ["id"]]);
    const stream = await tenant.client.fetch(`/api/v1/executions/${run.body.id}/events`, {
      headers: { accept: "text/event-stream" },
    });
    await stream.text();
    const results = await tenant.client.call(`${path}/executions/${run.body.id}/results`);
    expect(results.body).toMatchObject({ execution_id: run.body.id, status: "COMPLETED", output: [{ echo: "hi" }] });
    expect(results.body["nodes"]).toContainEqual({
      node_id: "in",
      input: expect.any(Object),
      output: { result: ["hi"] },
    });
  });

  it("refuses in AutoGPT's shape", async () => {
    const graph = await tenant.client.call<{ id: string }>(`${API}/graphs`, { body: echoGraph() });
    const missing = await tenant.client.call(`${API}/graphs/${graph.body.id}/execute/1`, { body: {} });
    expect([missing.status, missing.body]).toMatchObject([
      400,
      { detail: { type: "validation_error", node_errors: {} } },
    ]);
    expect((await new ApiClient().call(`${API}/me`)).body).toMatchObject({ message: expect.any(String), hint: null });
  });

  it("says when to come back, where it says that there is too much to do", async () => {
    const graph = await tenant.client.call<{ id: string }>(`${API}/graphs`, { body: echoGraph() });
    const asked = (answers: object): Promise<Answer> =>
      new ApiClient(
        { "x-api-key": tenant.apiKey, "idempotency-key": crypto.randomUUID() },
        { env: { ...testEnv, WORKSPACES: standIn(answers) } },
      ).call(`${API}/graphs/${graph.body.id}/execute/1`, { body: { node_input: { text: "hi" } } });
    const queued = await asked({
      begin: () => Promise.resolve({ kind: "too_many_queued", scope: "agent", queued: 5, limit: 5, retry_after_s: 7 }),
    });
    expect([queued.status, queued.headers.get("retry-after")]).toEqual([429, "7"]);
    const overloaded = await asked({
      begin: () => Promise.reject(Object.assign(new Error("overloaded"), { overloaded: true })),
    });
    expect([overloaded.status, overloaded.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(overloaded.body).toMatchObject({ detail: expect.any(String), hint: null });
  });

  it("takes an Idempotency-Key for a run, as the API does", async () => {
    const graph = await tenant.client.call<{ id: string }>(`${API}/graphs`, { body: echoGraph() });
    const execute = (text: string, key: string | undefined): Promise<Answer<Record<string, unknown>>> =>
      tenant.client.call(`${API}/graphs/${graph.body.id}/execute/1`, {
        body: { node_input: { text } },
        headers: { "idempotency-key": key },
      });
    const first = await execute("hi", "external-1");
    expect((await execute("hi", "external-1")).body).toEqual(first.body);
    expect((await execute("hi", undefined)).body).not.toEqual(first.body);
    expect((await execute("hi", "external-2")).body).not.toEqual(first.body);
    expect((await execute("other", "external-1")).status).toBe(409);
    expect((await execute("hi", "a b")).status).toBe(422);
  });

  it("wants each permission that AutoGPT wants", async () => {
    const key = await createTenant({ scopes: ["WRITE_GRAPH"] });
    for (const [method, path, body, missing] of [
      ["GET", "/me", undefined, "IDENTITY"],
      ["GET", "/blocks", undefined, "READ_BLOCK"],
      ["POST", `/blocks/${CALCULATOR}/execute`, {}, "EXECUTE_BLOCK"],
      ["POST", "/graphs", echoGraph(), "WRITE_LIBRARY"],
      ["POST", "/graphs/g/execute/1", {}, "EXECUTE_GRAPH"],
      ["GET", `/graphs/g/executions/${crypto.randomUUID()}/results`, undefined, "READ_GRAPH"],
    ] as const) {
      const answer = await key.client.call(`${API}${path}`, { method, body });
      expect([answer.status, answer.body]).toMatchObject([
        403,
        { detail: `Missing required permission(s): ${missing}` },
      ]);
    }
  });
});
