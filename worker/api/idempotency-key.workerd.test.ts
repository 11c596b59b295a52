import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Failure, Tenant } from "#test/workerd/api-client.ts";
import { workspaceStub } from "#worker/env.ts";
import { fingerprintOf } from "#worker/services/admission-key.ts";
import { createGraph, start } from "./admission.testkit.ts";

let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  tenant = await createTenant();
  graphId = await createGraph(tenant);
});

const keyed = <T = ExecutionView>(key: string, body: object = {}, of = tenant): Promise<Answer<T>> =>
  start<T>(of, { graph_id: graphId, ...body }, key);

describe("Idempotency-Key", () => {
  it("[WI1] is one run, however often and however simultaneously it comes", async () => {
    const first = await keyed("key-1");
    expect([first.status, first.body.status]).toEqual([200, "COMPLETED"]);
    const again = await Promise.all(Array.from({ length: 4 }, () => keyed("key-1", { wait_seconds: 0 })));
    expect(again.map(({ body }) => body.id)).toEqual(Array.from({ length: 4 }, () => first.body.id));
    const together = await Promise.all(Array.from({ length: 6 }, () => keyed("key-2")));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(together.map(({ body }) => body.id)).size).toBe(1);
    expect(together[0]?.body.id).not.toBe(first.body.id);
  });

  it("[WI1] does not care for the order of inputs or for how long the caller waits", async () => {
    const inputs = { text: "x" };
    const first = await keyed("key-3", { inputs, wait_seconds: 1 });
    expect((await keyed("key-3", { wait_seconds: 2, inputs })).body.id).toBe(first.body.id);
    expect(fingerprintOf({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(fingerprintOf({ b: [{ d: 3, c: 2 }], a: 1 }));
  });

  it("[WI2] refuses another request", async () => {
    await keyed("key-4");
    for (const other of [{ inputs: { text: "other" } }, { graph_version: 1 }]) {
      const answer = await keyed<Failure>("key-4", other);
      expect([answer.status, answer.body.error.code]).toEqual([409, "idempotency_conflict"]);
    }
  });

  it("is each workspace's own", async () => {
    const other = await createTenant();
    const theirs = await createGraph(other);
    const first = await keyed("key-5");
    const second = await keyed("key-5", { graph_id: theirs }, other);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it.each(["", " ", "ä", "a b", "x".repeat(256)])("must be visible ASCII: %j", async (key) => {
    const encoded = key === "ä" ? "\u00e4" : key;
    const answer = await keyed<Failure>(encoded);
    expect([answer.status, answer.body.error.code]).toEqual([422, "invalid_request"]);
  });

  it("[WI4] starts the run whose first request died on the way, under the id that it had", async () => {
    const execution_id = crypto.randomUUID();
    const fingerprint = fingerprintOf({ graph_id: graphId, graph_version: null, inputs: { text: "hello" } });
    const ticket = { execution_id, workspace_id: tenant.workspaceId, graph_id: graphId, flow: null, keys: {} };
    await workspaceStub(testEnv, tenant.workspaceId).begin({ ticket, idempotency: { key: "key-6", fingerprint } });
    const answers = await Promise.all([keyed("key-6"), keyed("key-6")]);
    expect(answers.map(({ status, body }) => [status, body.id, body.status])).toEqual([
      [200, execution_id, "COMPLETED"],
      [200, execution_id, "COMPLETED"],
    ]);
  });

  it("[WI4] does not bring a deleted run back", async () => {
    const { body: run } = await keyed("key-7");
    await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" });
    const answer = await keyed<Failure>("key-7");
    expect([answer.status, answer.body.error.code]).toEqual([410, "execution_deleted"]);
    expect((await tenant.client.call(`${RUNS}/${run.id}`)).status).toBe(404);
  });

  it("[WI5] still answers when the graph is gone", async () => {
    const gone = await createGraph(tenant);
    const { body: run } = await keyed("key-8", { graph_id: gone });
    await tenant.client.call(`/api/v1/graphs/${gone}`, { method: "DELETE" });
    expect((await keyed("key-8", { graph_id: gone })).body).toEqual(run);
    expect((await keyed<Failure>("key-8", { graph_id: gone, inputs: {} })).status).toBe(409);
    expect((await keyed("key-9", { graph_id: gone })).status).toBe(404);
  });

  it("is not used up by a request that is refused", async () => {
    const refused = await keyed<Failure>("key-10", { inputs: { nonsense: 1 } });
    expect(refused.status).toBe(422);
    expect((await keyed("key-10")).status).toBe(200);
  });
});
