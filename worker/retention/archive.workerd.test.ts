import { gunzipSync } from "node:zlib";
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionObject } from "#durable-objects/execution/execution.ts";
import { longRun } from "#durable-objects/execution/long-log.testkit.ts";
import type { ExecutionView, NodeExecutionPage } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import { ApiClient, createTenant, testEnv } from "#test/workerd/api-client.ts";
import type { Answer, Tenant } from "#test/workerd/api-client.ts";
import { INPUT_BLOCK, OUTPUT_BLOCK } from "#test/workerd/echo-graph.ts";
import { openDatabase } from "#worker/db/database.ts";
import { deleteExecutionRow } from "#worker/db/execution-table.ts";
import { applyExecutionSummaries, readProjectedSeq } from "#worker/db/execution-projection.ts";
import { executionStub } from "#worker/env.ts";
import { handleScheduled } from "#worker/handle-scheduled.ts";
import { getChildExecution } from "#worker/services/child-execution.ts";
import { archiveKey } from "./archive-file.ts";
import type { ArchiveDeps } from "./archive-run.ts";
import { retentionDays, sweepRuns } from "./sweep.ts";
import type { Sweep } from "./sweep.ts";

const RUNS = "/api/v1/executions";
const CALCULATOR = "b1ab9b19-67a6-406d-abf5-2dba76d00c79";
const COLLECT = "030c7584-ea30-4a05-9b48-edc88368905f";
const STEP = "f66a3543-28d3-4ab5-8945-9b336371e2ce";
const DAY = 24 * 3_600_000;
const db = openDatabase(testEnv.DB);
const files = testEnv.FILES;

let tenant: Tenant;
let stranger: Tenant;

beforeAll(async () => {
  [tenant, stranger] = [await createTenant(), await createTenant()];
});

function sweepDeps(days: number): ArchiveDeps {
  return { db, files, object: (id) => executionStub(testEnv, id), now: () => Date.now() + days * DAY };
}

const listedSeq = (executionId: string): Promise<number | null> =>
  readProjectedSeq(db, { workspaceId: tenant.workspaceId, executionId });

/** Each item of `items` plus one, divided by `by`. */
async function startRun(by: number, items: number[] = [1, 2, 3]): Promise<ExecutionView> {
  const nodes = [
    { id: "items", block_id: INPUT_BLOCK, input_default: { name: "items" } },
    { id: "by", block_id: INPUT_BLOCK, input_default: { name: "by" } },
    { id: "each", block_id: STEP, input_default: {} },
    { id: "sum", block_id: CALCULATOR, input_default: { operation: "Add", b: 1 } },
    { id: "div", block_id: CALCULATOR, input_default: { operation: "Divide" } },
    { id: "out", block_id: OUTPUT_BLOCK, input_default: { name: "q" } },
    { id: "all", block_id: COLLECT, input_default: {} },
    { id: "sums", block_id: OUTPUT_BLOCK, input_default: { name: "sums" } },
  ];
  const links = [
    ["items.result", "each.items"],
    ["each.item", "sum.a"],
    ["sum.result", "div.a"],
    ["by.result", "div.b", true],
    ["div.result", "out.value"],
    ["sum.result", "all.item"],
    ["all.list", "sums.value"],
  ].map(([from, to, is_static = false], index) => {
    const [source_id, source_name] = String(from).split(".");
    const [sink_id, sink_name] = String(to).split(".");
    return { id: `l${index}`, source_id, source_name, sink_id, sink_name, is_static };
  });
  const graph = await tenant.client.call<{ id: string }>("/api/v1/graphs", { body: { name: "Test", nodes, links } });
  const run = await tenant.client.call<ExecutionView>(RUNS, {
    body: { graph_id: graph.body.id, inputs: { items, by }, wait_seconds: 30 },
  });
  expect(run.status, JSON.stringify(run.body)).toBe(200);
  await until(async () => (await listedSeq(run.body.id)) === run.body.last_seq);
  return run.body;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function get(path: string, by = tenant): Promise<Answer<unknown>> {
  return by.client.call<unknown>(`${RUNS}/${path}`);
}

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
  const nodes = await get(`${id}/nodes?limit=100`);
  const details: unknown[] = [];
  for (const { node_execution_id: ne } of (nodes.body as NodeExecutionPage).items) {
    details.push((await get(`${id}/nodes/${ne}`)).body);
  }
  const pages: unknown[] = [];
  for (let cursor: string | null = "0"; cursor !== null;) {
    const { body } = (await get(`${id}/events?after=${cursor}&limit=4`)) as Answer<{ next_cursor: string | null }>;
    pages.push(body);
    cursor = body.next_cursor;
  }
  const post = (what: string): Promise<Answer> => tenant.client.call(`${RUNS}/${id}/${what}`, { method: "POST" });
  const answers = {
    run: await get(id),
    withNodes: await get(`${id}?include=nodes`),
    nodes,
    secondNodes: await get(`${id}/nodes?limit=2&cursor=${(await nodeCursor(id)) ?? ""}`),
    noNode: await get(`${id}/nodes/n999`),
    late: await get(`${id}/events?after=100000`),
    reviews: await get(`${id}/reviews`),
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
  return ((await get(`${id}/nodes?limit=2`)) as Answer<NodeExecutionPage>).body.next_cursor;
}

/** Every refusal names the request that it answers. */
function withoutRequest(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === "request_id" ? undefined : value)));
}

async function isEmpty(id: string): Promise<boolean> {
  const inside = executionStub(testEnv, id) as unknown as DurableObjectStub<ExecutionObject>;
  return runInDurableObject(inside, async (_, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'").toArray();
    return tables.length === 0 && (await storage.getAlarm()) === null;
  });
}

async function archivedAt(id: string): Promise<number | null> {
  const row = await testEnv.DB.prepare("SELECT archived_at FROM execution WHERE id = ?").bind(id).first<{
    archived_at: number | null;
  }>();
  return row?.archived_at ?? null;
}

const sweep = (days: number, retention = 30): Promise<Sweep> => sweepRuns(sweepDeps(days), retention);

beforeEach(async () => {
  await testEnv.DB.batch([
    testEnv.DB.prepare("DELETE FROM archive_cursor"),
    testEnv.DB.prepare("DELETE FROM archive_straggler"),
  ]);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a run whose time is over", () => {
  it("[AR1] [AR2] [AR4] goes to the archive, its object is emptied, and the API answers as before", async () => {
    const run = await startRun(2);
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
    const run = await startRun(4);
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
    const run = await startRun(2);
    await sweep(31);
    for (const path of ["", "/events", "/nodes", "/nodes/n1", "/reviews"]) {
      expect((await get(`${run.id}${path}`, stranger)).status, path).toBe(404);
    }
    const live = await stranger.client.fetch(`${RUNS}/${run.id}/live`, { headers: { upgrade: "websocket" } });
    expect(live.status).toBe(404);
    for (const what of ["cancel", "retry"]) {
      expect((await stranger.client.call(`${RUNS}/${run.id}/${what}`, { method: "POST" })).status).toBe(404);
    }
    expect((await stranger.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(404);
    expect((await get(run.id)).status).toBe(200);
  });

  it("[AR4] can be retried and forked out of the archive", async () => {
    const failed = await startRun(0);
    expect(failed.status).toBe("FAILED");
    await sweep(31);
    const retried = await tenant.client.call<ExecutionView>(`${RUNS}/${failed.id}/retry?wait_seconds=30`, {
      method: "POST",
    });
    expect(retried.body).toMatchObject({ status: "FAILED", retried_from: failed.id });
    const nodes = (await get(`${retried.body.id}/nodes?limit=100`)) as Answer<NodeExecutionPage>;
    const reused = nodes.body.items.filter(({ reused }) => reused === "memo").map(({ node_id }) => node_id);
    expect(reused.toSorted()).toEqual(["all", "by", "each", "items", "sum", "sum", "sum", "sums"]);
    const old = (await get(`${failed.id}/nodes?limit=100`)) as Answer<NodeExecutionPage>;
    const by = old.body.items.find(({ node_id }) => node_id === "by")?.node_execution_id;
    const forked = await tenant.client.call<ExecutionView>(`${RUNS}/${failed.id}/fork?wait_seconds=30`, {
      body: { node_execution_id: by, inputs: { value: 2 } },
    });
    expect(forked.body).toMatchObject({ status: "COMPLETED", outputs: { q: [1, 1.5, 2], sums: [[2, 3, 4]] } });
  });

  it("[AR4] is answered with 503 while the archive cannot be read, and is not taken for gone", async () => {
    const run = await startRun(2);
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
    expect((await get(run.id)).status).toBe(200);
  });

  it("[AR5] is deleted with its archive", async () => {
    const run = await startRun(2);
    await sweep(31);
    const key = archiveKey(tenant.workspaceId, run.id);
    expect(await files.head(key)).not.toBeNull();
    expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(204);
    expect(await files.head(key)).toBeNull();
    expect((await get(run.id)).status).toBe(404);
    expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(404);
  });
});

describe("the sweep", () => {
  it("[AR1] leaves alone what goes on or ended lately, and comes back for it", async () => {
    const run = await startRun(2);
    const waiting = { ...run, execution_id: crypto.randomUUID(), workspace_id: tenant.workspaceId };
    const createdAt = Date.parse(run.created_at);
    await applyExecutionSummaries(db, [
      {
        ...waiting,
        status: "RUNNING",
        seq: 1,
        created_at: createdAt,
        started_at: createdAt,
        ended_at: null,
        error: null,
      },
    ]);
    await testEnv.DB.prepare("UPDATE execution SET ended_at = ? WHERE id = ?")
      .bind(createdAt + 20 * DAY, run.id)
      .run();
    const first = await sweep(31);
    expect(first.later).toBeGreaterThanOrEqual(2);
    expect(await archivedAt(run.id)).toBeNull();
    await sweep(49);
    expect(await archivedAt(run.id)).toBeNull();
    await sweep(51);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
    await deleteExecutionRow(db, { ...key(waiting.execution_id), at: Date.now() });
    expect(await sweep(60)).toMatchObject({ later: 0 });
  });

  it("[AR1] is what the Worker does every minute, with the days that the deployment says", async () => {
    const run = await startRun(2);
    vi.spyOn(Date, "now").mockReturnValue(Date.parse(run.created_at) + 40 * DAY);
    const turn = (days: string): Promise<Sweep> => handleScheduled({ ...testEnv, WEFT_RETENTION_DAYS: days });
    expect((await turn("0")).archived).toBe(0);
    expect((await turn("45")).archived).toBe(0);
    expect(await archivedAt(run.id)).toBeNull();
    expect((await turn("35")).archived).toBeGreaterThanOrEqual(1);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
    expect((await get(run.id)).body).toEqual(run);
  });

  it("[AR2] waits for those who must know of the end", async () => {
    const run = await startRun(2);
    await testEnv.DB.prepare("UPDATE execution SET seq = 1 WHERE id = ?").bind(run.id).run();
    expect((await sweep(31)).later).toBeGreaterThanOrEqual(1);
    expect(await archivedAt(run.id)).toBeNull();
    expect(await isEmpty(run.id)).toBe(false);
    // The object has told the list again.
    await until(async () => (await listedSeq(run.id)) === run.last_seq);
    await sweep(31.1);
    expect(await archivedAt(run.id)).toBeGreaterThan(0);
  });

  it("[AR2] [AR4] takes a run and the run that it started, and the way from one to the other stays", async () => {
    const parentId = crypto.randomUUID();
    const childId = childExecutionId(parentId, "n2");
    for (const id of [parentId, childId]) {
      const { begun } = longRun(id, tenant.workspaceId, 300);
      const parent = { execution_id: parentId, ne: "n2", hops: 1, root_graph_id: "g", root_graph_version: 1 };
      const header = JSON.parse(begun.header) as object;
      await executionStub(testEnv, id).adopt(
        { ...begun, header: JSON.stringify(id === childId ? { ...header, parent } : header) },
        0,
      );
      await executionStub(testEnv, id).relist(tenant.workspaceId);
      await until(async () => ((await listedSeq(id)) ?? 0) > 0);
    }
    const { userId, workspaceId } = tenant;
    const person = { userId, workspaceId, via: "api_key", scopes: ["READ_GRAPH"] } as const;
    const child = (): Promise<ExecutionView> =>
      getChildExecution(tenant.client.deps, person, { executionId: parentId, nodeExecutionId: "n2" });
    const before = await child();
    expect(before).toMatchObject({ id: childId, parent_execution_id: parentId });
    await sweep(31);
    expect([await isEmpty(parentId), await isEmpty(childId)]).toEqual([true, true]);
    expect(await child()).toEqual(before);
  });

  it("[AR3] may die at any step, before it or after it: the run can be read all the time, and the next sweep does the rest", async () => {
    for (let step = 1, survived = false; !survived; step += 1) {
      for (const moment of ["before", "after"] as const) {
        const run = await startRun(2, [step]);
        const before = (await get(`${run.id}?include=nodes`)).body;
        const mortal = dyingAt(step, moment);
        const died = await sweepRuns(mortal.deps, 30).then(
          () => false,
          () => true,
        );
        survived = !mortal.dead();
        expect(died, `step ${step} ${moment}`).toBe(!survived);
        expect((await get(`${run.id}?include=nodes`)).body).toEqual(before);
        await sweep(31.5);
        expect(await isEmpty(run.id), `step ${step} ${moment}`).toBe(true);
        expect(await archivedAt(run.id)).toBeGreaterThan(0);
        expect((await get(`${run.id}?include=nodes`)).body).toEqual(before);
      }
      expect(step).toBeLessThan(50);
    }
  });

  it("[AR3] tries again what failed, and goes on with the others", async () => {
    const [broken, whole] = [await startRun(2), await startRun(2)];
    const deps = sweepDeps(31);
    const object: ArchiveDeps["object"] = (id) =>
      id === broken.id
        ? { ...methods(id), archiveLines: () => Promise.reject(new Error("overloaded")) }
        : executionStub(testEnv, id);
    const first = await sweepRuns({ ...deps, object }, 30);
    expect(first.later).toBe(1);
    expect(await archivedAt(broken.id)).toBeNull();
    expect(await archivedAt(whole.id)).toBeGreaterThan(0);
    expect(await files.head(archiveKey(tenant.workspaceId, broken.id))).toBeNull();
    await sweep(31.1);
    expect(await archivedAt(broken.id)).toBeGreaterThan(0);
  });

  it("[AR1] [AR3] takes a bounded time, and the next one goes on where it ended", async () => {
    await sweep(31);
    const runs: string[] = [];
    for (let count = 0; count < 7; count += 1) {
      runs.push((await startRun(2, [count])).id);
    }
    const deps = sweepDeps(31);
    let late = 0;
    const slow: ArchiveDeps = {
      ...deps,
      now: () => deps.now() + late,
      object: (id) => ({
        ...methods(id),
        discard: async (workspaceId, lastSeq) => {
          late = 60_000;
          return executionStub(testEnv, id).discard(workspaceId, lastSeq);
        },
      }),
    };
    expect((await sweepRuns(slow, 30)).archived).toBe(5);
    expect(await Promise.all(runs.map(async (id) => (await archivedAt(id)) !== null))).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect((await sweepRuns(slow, 30)).archived).toBe(2);
  });

  it("[AR5] leaves no archive of a run that is deleted while it is archived", async () => {
    const run = await startRun(2);
    const deps = sweepDeps(31);
    const object: ArchiveDeps["object"] = (id) => ({
      ...methods(id),
      discard: async (workspaceId, lastSeq) => {
        expect((await tenant.client.call(`${RUNS}/${run.id}`, { method: "DELETE" })).status).toBe(204);
        await files.put(archiveKey(workspaceId, run.id), "as if the sweep had been slower");
        return executionStub(testEnv, id).discard(workspaceId, lastSeq);
      },
    });
    await sweepRuns({ ...deps, object: (id) => (id === run.id ? object(id) : executionStub(testEnv, id)) }, 30);
    expect(await files.head(archiveKey(tenant.workspaceId, run.id))).toBeNull();
    expect((await get(run.id)).status).toBe(404);
  });

  it("[AR5] forgets tombstones after thirty days, with what may be left in the archive", async () => {
    const executionId = crypto.randomUUID();
    const young = crypto.randomUUID();
    await deleteExecutionRow(db, { ...key(executionId), at: Date.now() });
    await deleteExecutionRow(db, { ...key(young), at: Date.now() + 20 * DAY });
    await files.put(archiveKey(tenant.workspaceId, executionId), "left over");
    expect((await sweepRuns(sweepDeps(31), null)).forgotten).toBeGreaterThanOrEqual(1);
    expect(await files.head(archiveKey(tenant.workspaceId, executionId))).toBeNull();
    expect(await listedSeq(executionId)).toBeNull();
    expect(await listedSeq(young)).not.toBeNull();
  });

  it("[AR1] keeps to the days that the deployment says", () => {
    const days = (WEFT_RETENTION_DAYS?: string): number | null =>
      retentionDays(WEFT_RETENTION_DAYS === undefined ? {} : { WEFT_RETENTION_DAYS });
    expect([days(), days(""), days("90"), days("0"), days("0.01"), days("-1"), days("soon")]).toEqual([
      30,
      30,
      90,
      null,
      1,
      null,
      null,
    ]);
  });
});

function key(executionId: string): { workspaceId: string; executionId: string } {
  return { workspaceId: tenant.workspaceId, executionId };
}

function methods(id: string): ReturnType<ArchiveDeps["object"]> {
  const stub = executionStub(testEnv, id);
  return {
    archiveSource: (workspaceId) => stub.archiveSource(workspaceId),
    archiveLines: (workspaceId, after, maxChars) => stub.archiveLines(workspaceId, after, maxChars),
    discard: (workspaceId, lastSeq) => stub.discard(workspaceId, lastSeq),
  };
}

/** A sweep that dies before or after its `step`-th call of anything outside: nothing it does after that happens. */
function dyingAt(step: number, moment: "before" | "after"): { deps: ArchiveDeps; dead: () => boolean } {
  let calls = 0;
  let dead = false;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) {
      throw new Error("the sweep is dead");
    }
    calls += 1;
    if (calls === step && moment === "before") {
      dead = true;
      throw new Error("the sweep dies");
    }
    const result = await work();
    if (calls === step) {
      dead = true;
      throw new Error("the sweep dies");
    }
    return result;
  };
  const mortal = <T extends object>(target: T, names: (keyof T & string)[]): T =>
    new Proxy(target, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== "function") {
          return value;
        }
        const bound = value.bind(of) as (...args: unknown[]) => Promise<unknown>;
        return names.includes(name as keyof T & string) ? (...args: unknown[]) => call(() => bound(...args)) : bound;
      },
    });
  const deps = sweepDeps(31);
  const base = openDatabase(testEnv.DB);
  const database = new Proxy(base, {
    get: (of, name) => (name === "$client" ? mortal(base.$client, ["batch"]) : Reflect.get(of, name, of)),
  });
  return {
    deps: {
      ...deps,
      db: database,
      files: mortal(files, ["put", "get", "head", "delete"]),
      object: (id) => mortal(methods(id), ["archiveSource", "archiveLines", "discard"]),
    },
    dead: () => dead,
  };
}
