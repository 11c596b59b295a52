import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { ApiClient, createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Failure, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";
import { watchedNamespace } from "#test/workerd/watched-namespace.ts";

/** As the platform marks what a stub throws. */
const OVERLOADED = Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
const PASSING = Object.assign(new Error("Network connection lost."), { retryable: true });

/** Objects whose first calls fail with these; then they are the real ones. */
function failing(name: "EXECUTIONS" | "WORKSPACES", ...failures: Error[]) {
  const calls: string[] = [];
  const namespace = watchedNamespace(name, (method, call) => {
    calls.push(method);
    const failure = failures[calls.length - 1];
    return failure === undefined ? call() : Promise.reject(failure);
  });
  return { env: { ...testEnv, [name]: namespace }, calls };
}

let tenant: Tenant;
let graphId: string;
let run: ExecutionView;

beforeAll(async () => {
  tenant = await createTenant();
  graphId = (await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph() })).body.id;
  const body = { graph_id: graphId, inputs: { text: "hi" }, wait_seconds: 30 };
  run = (await tenant.client.call<ExecutionView>(RUNS, { body })).body;
});

/** The tenant's client on these objects. */
const clientOn = (env: typeof testEnv): ApiClient => new ApiClient({ "x-api-key": tenant.apiKey }, { env });

describe("a run whose object cannot be reached", () => {
  it("[BI13] is asked again while the failure passes", async () => {
    const { env, calls } = failing("EXECUTIONS", PASSING, PASSING);
    const answer = await clientOn(env).call<ExecutionView>(`${RUNS}/${run.id}`);
    expect([answer.status, answer.body.id, calls]).toEqual([200, run.id, ["view", "view", "view"]]);
  });

  it.each([
    ["GET", "", "view", undefined],
    ["GET", "/nodes", "nodeExecutions", undefined],
    ["GET", "/nodes/n1", "nodeExecution", undefined],
    ["GET", "/events", "events", undefined],
    ["GET", "/reviews", "reviews", undefined],
    ["POST", "/cancel", "cancel", undefined],
    ["POST", "/pause", "pause", undefined],
    ["POST", "/resume", "unpause", undefined],
    ["POST", "/retry", "rerun", undefined],
    ["POST", "/fork", "rerun", { node_execution_id: "n1" }],
    ["DELETE", "", "remove", undefined],
  ])(
    "[BI13] answers %s %s with 503 and when to come back, after one call of an overloaded one",
    async (method, path, rpc, body) => {
      const { env, calls } = failing("EXECUTIONS", OVERLOADED);
      const request = { method, ...(body === undefined ? {} : { body }) };
      const answer = await clientOn(env).call<Failure>(`${RUNS}/${run.id}${path}`, request);
      expect([answer.status, answer.body.error.code, answer.headers.get("retry-after")]).toEqual([
        503,
        "overloaded",
        "2",
      ]);
      expect(calls).toEqual([rpc]);
    },
  );

  it("answers a WebSocket's handshake with 503", async () => {
    const { env, calls } = failing("EXECUTIONS", OVERLOADED);
    const path = `${RUNS}/${run.id}/live`;
    const answer = await clientOn(env).call<Failure>(path, { headers: { upgrade: "websocket" } });
    expect([answer.status, answer.headers.get("retry-after"), calls]).toEqual([503, "2", ["fetch"]]);
  });

  it("[BI13] is not told a person's decision twice", async () => {
    const { env, calls } = failing("EXECUTIONS", PASSING);
    const path = `${RUNS}/${run.id}/reviews/n1`;
    const answer = await clientOn(env).call<Failure>(path, { body: { approved: true } });
    expect([answer.status, answer.body.error.code, calls]).toEqual([503, "overloaded", ["review"]]);
    expect(answer.body.error.message).toContain("may have done");
  });

  it("stays a failure of the server when the object itself failed", async () => {
    const { env } = failing("EXECUTIONS", new Error("a bug"));
    const answer = await clientOn(env).call<Failure>(`${RUNS}/${run.id}`);
    expect([answer.status, answer.body.error.code]).toEqual([500, "internal"]);
  });

  it("[WI1] answers a repeated key with 503 rather than with another run", async () => {
    const request = { body: { graph_id: graphId, inputs: { text: "hi" } }, headers: { "idempotency-key": "again" } };
    const first = await tenant.client.call<ExecutionView>(RUNS, request);
    const refused = await clientOn(failing("EXECUTIONS", OVERLOADED).env).call<Failure>(RUNS, request);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    const second = await clientOn(failing("EXECUTIONS", PASSING).env).call<ExecutionView>(RUNS, request);
    expect(second.body.id).toBe(first.body.id);
  });
});

describe("a workspace whose object cannot be reached", () => {
  it("answers an estimate with 503 and when to come back", async () => {
    const { env, calls } = failing("WORKSPACES", OVERLOADED);
    const answer = await clientOn(env).call<Failure>(`/api/v1/graphs/${graphId}/estimate`);
    expect([answer.status, answer.body.error.code, answer.headers.get("retry-after")]).toEqual([
      503,
      "overloaded",
      "2",
    ]);
    expect(calls).toEqual(["estimate"]);
  });
});
