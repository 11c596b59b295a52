import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { ApiClient, createTenant, RUNS, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";

let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  tenant = await createTenant();
  graphId = (await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph() })).body.id;
});

const start = (body: object = {}): Promise<Answer<ExecutionView>> =>
  tenant.client.call<ExecutionView>(RUNS, {
    body: { graph_id: graphId, inputs: { text: "hello" }, wait_seconds: 30, ...body },
  });

/** Data of the server-sent events of a stream that ends by itself. */
async function readStream(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ ids: number[]; events: ExecutionEvent[] }> {
  const response = await tenant.client.fetch(path, { headers: { accept: "text/event-stream", ...headers } });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const frames = (await response.text()).split("\n\n").filter((frame) => frame.startsWith("id: "));
  const events = frames.map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "") as ExecutionEvent);
  expect(frames.map((frame) => /^event: (.*)$/m.exec(frame)?.[1])).toEqual(events.map((event) => event.type));
  return { ids: frames.map((frame) => Number(/^id: (\d+)$/m.exec(frame)?.[1])), events };
}

describe("running a graph", () => {
  it("answers 200 with the finished run when the wait suffices", async () => {
    const run = await start();
    expect(run.status).toBe(200);
    expect(run.body).toMatchObject({
      graph_id: graphId,
      graph_version: 1,
      graph_name: "Echo",
      status: "COMPLETED",
      source: "api",
      inputs: { text: "hello" },
      outputs: { echo: ["hello"] },
      error: null,
    });
    expect((await tenant.client.call(`${RUNS}/${run.body.id}`)).body).toEqual(run.body);
  });

  it("answers 202 at once without a wait, and the run ends all the same", async () => {
    const run = await start({ wait_seconds: 0 });
    expect(run.status).toBe(202);
    const { events } = await readStream(`${RUNS}/${run.body.id}/events`);
    expect(events.at(-1)?.type).toBe("execution_completed");
  });

  it("runs the version asked for, else the active one", async () => {
    const made = await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: echoGraph() });
    const id = made.body.id;
    const ran = async (version?: number): Promise<number> =>
      (await start({ graph_id: id, graph_version: version })).body.graph_version;
    expect(await ran()).toBe(1);
    await tenant.client.call(`/api/v1/graphs/${id}`, { method: "PUT", body: echoGraph({ version: 1 }) });
    expect([await ran(), await ran(1), await ran(2)]).toEqual([2, 1, 2]);
    await tenant.client.call(`/api/v1/graphs/${id}`, { method: "DELETE" });
    expect((await start({ graph_id: id })).status).toBe(404);
    expect((await start({ graph_id: id, graph_version: 1 })).status).toBe(404);
  });
});

describe("the warm path", () => {
  it("[ST4] starts a run with one call to one object and one statement, its row in the list", async () => {
    let [queries, objects]: [PropertyKey[], number] = [[], 0];
    const DB = new Proxy(testEnv.DB, {
      get: (target, key) => {
        queries.push(key);
        const member: unknown = Reflect.get(target, key);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
    const EXECUTIONS = new Proxy(testEnv.EXECUTIONS, {
      get: (target, key) => {
        objects += key === "get" ? 1 : 0;
        const member: unknown = Reflect.get(target, key);
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      },
    });
    const client = new ApiClient({ "x-api-key": tenant.apiKey }, { env: { ...testEnv, DB, EXECUTIONS }, now: () => 0 });
    const body = { graph_id: graphId, inputs: { text: "x" }, wait_seconds: 30 };
    expect((await client.call(RUNS, { body })).status).toBe(200);
    [queries, objects] = [[], 0];
    const warm = await client.call<ExecutionView>(RUNS, { body });
    expect([warm.status, warm.body.outputs]).toEqual([200, { echo: ["x"] }]);
    expect({ queries, objects }).toEqual({ queries: ["prepare", "batch"], objects: 1 });
    const listed = await tenant.client.call<{ items: { id: string }[] }>(RUNS);
    expect(listed.body.items.map(({ id }) => id)).toContain(warm.body.id);
  });
});

describe("one run", () => {
  it("shows its node executions, also page by page", async () => {
    const { body: run } = await start();
    const view = await tenant.client.call<{ nodes: { items: { node_id: string; status: string }[] } }>(
      `${RUNS}/${run.id}?include=nodes`,
    );
    expect(view.body.nodes.items.map((node) => [node.node_id, node.status])).toEqual([
      ["in", "COMPLETED"],
      ["out", "COMPLETED"],
    ]);
    const first = await tenant.client.call<{ items: unknown[]; next_cursor: string }>(
      `${RUNS}/${run.id}/nodes?limit=1`,
    );
    expect(first.body.items).toHaveLength(1);
    const rest = await tenant.client.call(`${RUNS}/${run.id}/nodes?limit=5&cursor=${first.body.next_cursor}`);
    expect(rest.body).toMatchObject({ items: [{ node_id: "out" }], next_cursor: null });
  });

  it("can be stopped; stopping an ended one changes nothing", async () => {
    const { body: run } = await start();
    const answer = await tenant.client.call(`${RUNS}/${run.id}/cancel`, { method: "POST" });
    expect([answer.status, answer.body]).toEqual([200, run]);
  });

  it("is gone after its deletion, everywhere and for good", async () => {
    const { body: run } = await start();
    expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await tenant.client.call(`${RUNS}/${run.id}`)).status).toBe(404);
    expect((await tenant.client.call(`${RUNS}/${run.id}/events`)).status).toBe(404);
    expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(404);
    const list = await tenant.client.call<{ items: { id: string }[] }>(RUNS);
    expect(list.body.items.map((item) => item.id)).not.toContain(run.id);
  });

  it("leaves the list also when its id is written in capitals", async () => {
    const { body: run } = await start();
    const listed = async (): Promise<string[]> =>
      (await tenant.client.call<{ items: { id: string }[] }>(RUNS)).body.items.map((item) => item.id);
    expect(await listed()).toContain(run.id);
    expect((await tenant.client.call(`${RUNS}/${run.id.toUpperCase()}`, { method: "DELETE" })).status).toBe(204);
    expect(await listed()).not.toContain(run.id);
  });
});

describe("events", () => {
  it("are the same as pages, as a stream and over a WebSocket, in order and each once", async () => {
    const { body: run } = await start();
    const page = await tenant.client.call<{
      items: ExecutionEvent[];
      last_seq: number;
      ended: boolean;
      next_cursor: null;
    }>(`${RUNS}/${run.id}/events`);
    const { items } = page.body;
    expect(items.map((event) => event.seq)).toEqual(items.map((_, index) => index + 1));
    expect(page.body).toMatchObject({ last_seq: run.last_seq, ended: true, next_cursor: null });
    expect(items.at(-1)?.type).toBe("execution_completed");

    const paged: ExecutionEvent[] = [];
    let after: string | null = "0";
    while (after !== null) {
      const part: Answer<{ items: ExecutionEvent[]; next_cursor: string | null }> = await tenant.client.call(
        `${RUNS}/${run.id}/events?after=${after}&limit=2`,
      );
      paged.push(...part.body.items);
      after = part.body.next_cursor;
    }
    expect(paged).toEqual(items);

    const stream = await readStream(`${RUNS}/${run.id}/events`);
    expect(stream.events).toEqual(items);
    expect(stream.ids).toEqual(items.map((event) => event.seq));

    const response = await tenant.client.fetch(`${RUNS}/${run.id}/live?after=2`, { headers: { upgrade: "websocket" } });
    expect(response.status).toBe(101);
    expect(await readSocket(response.webSocket)).toEqual(items.slice(2));
  });

  it("go on where a broken stream stopped", async () => {
    const { body: run } = await start();
    const path = `${RUNS}/${run.id}/events`;
    const whole = await readStream(path);
    const rest = await readStream(`${path}?after=1`, { "last-event-id": "3" });
    expect(rest.events).toEqual(whole.events.slice(3));
    expect((await readStream(`${path}?after=4`)).events).toEqual(whole.events.slice(4));
  });

  it("need a handshake where only WebSocket is spoken", async () => {
    const { body: run } = await start();
    const answer = await tenant.client.call(`${RUNS}/${run.id}/live`);
    expect([answer.status, answer.body]).toMatchObject([426, { error: { code: "upgrade_required" } }]);
  });
});

function readSocket(socket: WebSocket | null): Promise<ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  return new Promise((resolve, reject) => {
    if (socket === null) {
      reject(new Error("no socket"));
      return;
    }
    socket.addEventListener("message", ({ data }) => {
      events.push(JSON.parse(String(data)) as ExecutionEvent);
    });
    socket.addEventListener("close", () => resolve(events));
    socket.addEventListener("error", () => reject(new Error("the socket failed")));
    socket.accept();
  });
}
