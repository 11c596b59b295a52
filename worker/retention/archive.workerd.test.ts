import { gunzipSync } from "node:zlib";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ExecutionView, NodeExecutionPage } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import { ApiClient, createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { archiveKey } from "./archive-file.ts";
import { archivedAt, files, forgetSweeps, get, isEmpty, startRun, sweep } from "./archive.testkit.ts";

let tenant: Tenant;
let stranger: Tenant;

beforeAll(async () => {
  [tenant, stranger] = [await createTenant(), await createTenant()];
});

beforeEach(forgetSweeps);

async function readSocket(path: string): Promise<unknown> {
  const response = await tenant.client.fetch(`${RUNS}/${path}`, { headers: { upgrade: "websocket" } });
  const socket = response.webSocket;
  if (socket === null) {
    return response.status;
  }
  const events: unknown[] = [];
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.addEventListener("message", ({ data }) => void events.push(JSON.parse(String(data))));
  socket.accept();
  return { code: await closed, events };
}

/** Everything that the API says of a run. */
async function everything(id: string): Promise<unknown> {
  const stream = await tenant.client.fetch(`${RUNS}/${id}/events?after=2`, {
    headers: { accept: "text/event-stream" },
  });
  const nodes = await get(tenant, `${id}/nodes?limit=100`);
  const details: unknown[] = [];
  for (const { node_execution_id: ne } of (nodes.body as NodeExecutionPage).items) {
    details.push((await get(tenant, `${id}/nodes/${ne}`)).body);
  }
  const pages: unknown[] = [];
  for (let cursor: string | null = "0"; cursor !== null;) {
    const { body } = (await get(tenant, `${id}/events?after=${cursor}&limit=4`)) as Answer<{
      next_cursor: string | null;
    }>;
    pages.push(body);
    cursor = body.next_cursor;
  }
  const post = (what: string): Promise<Answer> => tenant.client.call(`${RUNS}/${id}/${what}`, { method: "POST" });
  const answers = {
    run: await get(tenant, id),
    withNodes: await get(tenant, `${id}?include=nodes`),
    nodes,
    secondNodes: await get(tenant, `${id}/nodes?limit=2&cursor=${(await nodeCursor(id)) ?? ""}`),
    noNode: await get(tenant, `${id}/nodes/n999`),
    late: await get(tenant, `${id}/events?after=100000`),
    reviews: await get(tenant, `${id}/reviews`),
    cancelled: await post("cancel"),
    paused: await post("pause"),
    resumed: await post("resume"),
    review: await tenant.client.call(`${RUNS}/${id}/reviews/n1`, { body: { approved: true } }),
    noReview: await tenant.client.call(`${RUNS}/${id}/reviews/n999`, { body: { approved: true } }),
    fork: await tenant.client.call(`${RUNS}/${id}/fork`, { body: { node_execution_id: "n999", inputs: {} } }),
  };
  const bodies = Object.fromEntries(
    Object.entries(answers).map(([name, { status, body }]) => [name, [status, withoutRequest(body)]]),
  );
  return {
    ...bodies,
    details,
    pages,
    stream: await stream.text(),
    socket: await readSocket(`${id}/live`),
    halfSocket: await readSocket(`${id}/live?after=7`),
  };
}

async function nodeCursor(id: string): Promise<string | null> {
  return ((await get(tenant, `${id}/nodes?limit=2`)) as Answer<NodeExecutionPage>).body.next_cursor;
}

/** Every refusal names the request that it answers. */
function withoutRequest(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === "request_id" ? undefined : value)));
}

describe("a run whose time is over", () => {
  it("[AR1] [AR2] [AR4] goes to the archive, its object is emptied, and the API answers as before", async () => {
    const run = await startRun(tenant, 2);
    expect(run.outputs["sums"]).toEqual([[2, 3, 4]]);
    const before = await everything(run.id);
    expect(await sweep(29)).toMatchObject({ archived: 0 });
    expect(await archivedAt(run.id)).toBeNull();
    expect((await sweep(31)).archived).toBeGreaterThanOrEqual(1);
    expect(await isEmpty(run.id)).toBe(true);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
    expect(await everything(run.id)).toEqual(before);
    expect(await isEmpty(run.id)).toBe(true);
    expect((await sweep(32)).archived).toBe(0);
  });

  it("[AR1] is one gzip file of lines that any program reads", async () => {
    const run = await startRun(tenant, 4);
    await sweep(31);
    const object = await files.get(archiveKey(tenant.workspaceId, run.id));
    const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer());
    const lines = gunzipSync(bytes).toString().trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as JsonObject);
    expect(parsed[0]).toMatchObject({ version: 1, header: { execution_id: run.id } });
    expect(parsed[1]).toMatchObject({ first_seq: 1 });
    expect(parsed[1]?.["events"]).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: "execution_started" })]),
    );
    expect(parsed.at(-1)).toMatchObject({ version: 1, last_seq: run.last_seq });
  });

  it("[AR4] is nobody else's", async () => {
    const run = await startRun(tenant, 2);
    await sweep(31);
    for (const path of ["", "/events", "/nodes", "/nodes/n1", "/reviews"]) {
      expect((await get(stranger, `${run.id}${path}`)).status, path).toBe(404);
    }
    const live = await stranger.client.fetch(`${RUNS}/${run.id}/live`, { headers: { upgrade: "websocket" } });
    expect(live.status).toBe(404);
    for (const what of ["cancel", "retry"]) {
      expect((await stranger.client.call(`${RUNS}/${run.id}/${what}`, { method: "POST" })).status).toBe(404);
    }
    expect((await stranger.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(404);
    expect((await get(tenant, run.id)).status).toBe(200);
  });

  it("[AR4] can be retried and forked out of the archive", async () => {
    const failed = await startRun(tenant, 0);
    expect(failed.status).toBe("FAILED");
    await sweep(31);
    const retried = await tenant.client.call<ExecutionView>(`${RUNS}/${failed.id}/retry?wait_seconds=30`, {
      method: "POST",
    });
    expect(retried.body).toMatchObject({ status: "FAILED", retried_from: failed.id });
    const nodes = (await get(tenant, `${retried.body.id}/nodes?limit=100`)) as Answer<NodeExecutionPage>;
    const reused = nodes.body.items.filter(({ reused }) => reused === "memo").map(({ node_id }) => node_id);
    expect(reused.toSorted()).toEqual(["all", "by", "each", "items", "sum", "sum", "sum", "sums"]);
    const old = (await get(tenant, `${failed.id}/nodes?limit=100`)) as Answer<NodeExecutionPage>;
    const by = old.body.items.find(({ node_id }) => node_id === "by")?.node_execution_id;
    const forked = await tenant.client.call<ExecutionView>(`${RUNS}/${failed.id}/fork?wait_seconds=30`, {
      body: { node_execution_id: by, inputs: { value: 2 } },
    });
    expect(forked.body).toMatchObject({ status: "COMPLETED", outputs: { q: [1, 1.5, 2], sums: [[2, 3, 4]] } });
  });

  it("[AR4] is answered with 503 while the archive cannot be read, and is not taken for gone", async () => {
    const run = await startRun(tenant, 2);
    await sweep(31);
    const FILES = { get: () => Promise.reject(new Error("R2 is down")) } as unknown as R2Bucket;
    const down = new ApiClient({ "x-api-key": tenant.apiKey }, { env: { ...testEnv, FILES } });
    for (const path of ["", "/nodes", "/events"]) {
      const answer = await down.call<{ error: { code: string } }>(`${RUNS}/${run.id}${path}`);
      expect([answer.status, answer.body.error.code, answer.headers.get("retry-after")]).toEqual([
        503,
        "archive_unavailable",
        "5",
      ]);
    }
    expect((await get(tenant, run.id)).status).toBe(200);
  });

  it("[AR5] is deleted with its archive", async () => {
    const run = await startRun(tenant, 2);
    await sweep(31);
    const key = archiveKey(tenant.workspaceId, run.id);
    expect(await files.head(key)).not.toBeNull();
    expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await files.head(key)).toBeNull();
    expect((await get(tenant, run.id)).status).toBe(404);
    expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(404);
  });
});
