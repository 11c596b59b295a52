import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import { ApiClient, createTenant, RUNS } from "#test/workerd/api-client.ts";
import type { Failure, Tenant } from "#test/workerd/api-client.ts";
import { outputNode, saveGraph } from "#test/workerd/test-graph.ts";

const WAIT_FOR_CALL = "5012b723-5fba-4c2b-b75b-4a8752e30235";

let tenant: Tenant;
let graphId: string;

/** Gives out where to call, waits, and gives out what was sent. */
beforeAll(async () => {
  tenant = await createTenant();
  const graph = await saveGraph(
    tenant,
    [["wait", WAIT_FOR_CALL], outputNode("where"), outputNode("paid")],
    "wait.url out_where.value",
    "wait.data out_paid.value",
  );
  graphId = graph.id;
});

async function view(id: string): Promise<ExecutionView> {
  return (await tenant.client.call<ExecutionView>(`${RUNS}/${id}`)).body;
}

/** A run that waits, and the path at which it does. */
async function waiting(): Promise<{ id: string; path: string }> {
  const { body } = await tenant.client.call<ExecutionView>(RUNS, { body: { graph_id: graphId, inputs: {} } });
  for (;;) {
    const { outputs, status } = await view(body.id);
    expect(["QUEUED", "RUNNING"]).toContain(status);
    const [url] = outputs["where"] ?? [];
    const detail = await tenant.client.call<{ explanation: { code: string } }>(`${RUNS}/${body.id}/nodes/n1`);
    if (typeof url === "string" && detail.body.explanation.code === "waits_for_call") {
      expect(url).toMatch(/^https:\/\/weft\.test\/api\/v1\/callbacks\//);
      return { id: body.id, path: new URL(url).pathname };
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function ended(id: string): Promise<ExecutionView> {
  for (;;) {
    const run = await view(id);
    if (run.ended_at !== null) {
      return run;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("a call that a run waits for", () => {
  const stranger = new ApiClient();

  it("[WT7] ends the wait, once, without a key", async () => {
    const { id, path } = await waiting();
    for (const method of ["GET", "PUT"]) {
      const opened = await stranger.call<Failure>(path, { method });
      expect([opened.status, opened.body.error.code]).toEqual([405, "method_not_allowed"]);
    }
    const first = await stranger.call(path, { body: { amount: 7 } });
    expect([first.status, first.body]).toEqual([202, { accepted: true }]);
    const again = await stranger.call<Failure>(path, { body: { amount: 8 } });
    expect([again.status, again.body.error.code]).toEqual([409, "callback_not_pending"]);
    expect(await ended(id)).toMatchObject({ status: "COMPLETED", outputs: { paid: [{ amount: 7 }] } });
    const late = await stranger.call<Failure>(path, { body: {} });
    expect([late.status, late.body.error.code]).toEqual([409, "callback_not_pending"]);
  });

  it("[WT7] is refused at an address that was not given out", async () => {
    const { id, path } = await waiting();
    const changed = path.endsWith("A") ? `${path.slice(0, -1)}B` : `${path.slice(0, -1)}A`;
    for (const wrong of [changed, path.replace(".n1.", ".n2."), "/api/v1/callbacks/x"]) {
      const answer = await stranger.call<Failure>(wrong, { body: {} });
      expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
    }
    expect((await view(id)).status).toBe("RUNNING");
    await tenant.client.call(`${RUNS}/${id}/cancel`, { method: "POST" });
    const stopped = await stranger.call<Failure>(path, { body: {} });
    expect([stopped.status, stopped.body.error.code]).toEqual([409, "callback_not_pending"]);
    await tenant.client.call(`${RUNS}/${id}`, { method: "DELETE" });
    expect((await stranger.call(path, { body: {} })).status).toBe(404);
  });

  it("takes JSON, forms and texts, and refuses what is too large or broken without using the address up", async () => {
    const sent = [
      { body: "a=1&b=x%20y", type: "application/x-www-form-urlencoded", data: { a: "1", b: "x y" } },
      { body: "just words", type: "text/plain", data: "just words" },
      { body: "[1]", type: "application/vnd.api+json", data: [1] },
    ];
    for (const { body, type, data } of sent) {
      const { id, path } = await waiting();
      const large = await stranger.call<Failure>(path, { body: JSON.stringify("x".repeat(300_000)) });
      expect([large.status, large.body.error.code]).toEqual([413, "body_too_large"]);
      expect((await stranger.call(path, { body: "{" })).status).toBe(400);
      expect((await stranger.call(path, { body, headers: { "content-type": type } })).status).toBe(202);
      expect((await ended(id)).outputs["paid"]).toEqual([data]);
    }
  });
});
