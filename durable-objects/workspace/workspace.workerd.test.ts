import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import { isolate } from "#test/workerd/isolated-object.testkit.ts";
import { until } from "#test/workerd/until.ts";
import { executionStub, workspaceStub } from "#worker/env.ts";
import type { Env } from "#worker/env.ts";
import { plan } from "../execution/core/plan.testkit.ts";
import type { ExecutionObject } from "../execution/execution.ts";
import type { ExecutionView, RunAdmission } from "../execution/protocol.ts";
import { valueOf } from "../execution/outcome.testkit.ts";
import type { AdmissionTicket, BeginAnswer, RunReport, WorkspaceRpc } from "./protocol.ts";
import { storeContract } from "./store-contract.testkit.ts";
import { SqliteWorkspaceStore } from "./store-sqlite.ts";
import type { WorkspaceObject } from "./workspace.ts";

const env = testEnv as unknown as Env;
/** One node that only a test can do: the registry does not have its block. */
const one = plan({ a: {} }, []);
const ONE_AT_A_TIME: FlowSettings = { concurrency: { limit: 1 } };

interface Place {
  id: string;
  stub: WorkspaceRpc;
  inside: DurableObjectStub<WorkspaceObject>;
}

function workspace(): Place {
  const id = crypto.randomUUID();
  const stub = workspaceStub(env, id);
  return { id, stub, inside: stub as unknown as DurableObjectStub<WorkspaceObject> };
}

function ticket(place: Place, flow: FlowSettings | null = ONE_AT_A_TIME): AdmissionTicket {
  return { execution_id: crypto.randomUUID(), workspace_id: place.id, graph_id: "g", flow, keys: {} };
}

function insideRun(id: string): DurableObjectStub<ExecutionObject> {
  return executionStub(env, id) as unknown as DurableObjectStub<ExecutionObject>;
}

async function create(of: AdmissionTicket, answer: BeginAnswer): Promise<ExecutionView> {
  const { execution_id, workspace_id } = of;
  const hold = answer.kind === "hold" ? answer.reason : null;
  const admission: RunAdmission = { ticket: of, hold };
  await isolate({ inside: insideRun(execution_id) });
  const request = { execution_id, workspace_id, plan: one, inputs: { a: 1 }, source: "test", admission };
  return valueOf(await executionStub(env, execution_id).start(request, 0));
}

const view = async (of: AdmissionTicket): Promise<ExecutionView> =>
  valueOf(await executionStub(env, of.execution_id).view(of.workspace_id));

const hasStarted = async (of: AdmissionTicket): Promise<boolean> => (await view(of)).last_seq > 0;

/** Asks for a place and creates the run accordingly. */
async function begin(
  place: Place,
  flow?: FlowSettings | null,
): Promise<{ ticket: AdmissionTicket; answer: BeginAnswer }> {
  const of = ticket(place, flow);
  const answer = await place.stub.begin({ ticket: of });
  await create(of, answer);
  return { ticket: of, answer };
}

describe("a workspace object", () => {
  it("[WA1] [WA2] [WH1] [WH2] [WH4] holds what has no place, says why, and lets it go when a place is free", async () => {
    const place = workspace();
    const first = await begin(place);
    const second = await begin(place);
    expect(first.answer).toMatchObject({ kind: "start", counted: true });
    expect(second.answer).toMatchObject({ kind: "hold", reason: { code: "concurrency" } });
    expect(await view(second.ticket)).toMatchObject({
      status: "QUEUED",
      queued_reason: { code: "concurrency" },
      inputs: { a: 1 },
      last_seq: 0,
    });
    const lease = { consumer: "c", pool: "io", max: 5 } as const;
    expect((await executionStub(env, second.ticket.execution_id).lease(lease)).leases).toEqual([]);
    await executionStub(env, first.ticket.execution_id).cancel(place.id, "enough");
    await until(() => hasStarted(second.ticket));
    expect(await view(second.ticket)).toMatchObject({ status: "QUEUED", queued_reason: null });
    const events = valueOf(await executionStub(env, second.ticket.execution_id).events(place.id, 0, 10)).items;
    expect(events.map(({ type }) => type)).toEqual(["execution_started", "node_queued"]);
    expect(await executionStub(env, second.ticket.execution_id).admit(place.id)).toMatchObject({ ok: true });
    expect((await view(second.ticket)).last_seq).toBe(2);
  });

  it("[WH4] a held run that is stopped ends, never starts, and leaves the queue", async () => {
    const place = workspace();
    const first = await begin(place);
    const second = await begin(place);
    const third = await begin(place);
    const stopped = valueOf(await executionStub(env, second.ticket.execution_id).cancel(place.id, "changed my mind"));
    expect(stopped).toMatchObject({ status: "TERMINATED", inputs: { a: 1 }, last_seq: 1, queued_reason: null });
    await executionStub(env, first.ticket.execution_id).cancel(place.id, "enough");
    await until(() => hasStarted(third.ticket));
    expect(valueOf(await executionStub(env, second.ticket.execution_id).admit(place.id))).toMatchObject({
      ended: true,
    });
    expect(await view(second.ticket)).toEqual(stopped);
  });

  it("[WH2] a run that was paused while it was held starts when it is let go, and does nothing until it is resumed", async () => {
    const place = workspace();
    const first = await begin(place);
    const held = await begin(place);
    const stub = executionStub(env, held.ticket.execution_id);
    expect(valueOf(await stub.pause(place.id))).toMatchObject({
      status: "QUEUED",
      paused: true,
      queued_reason: { code: "concurrency" },
    });
    await executionStub(env, first.ticket.execution_id).cancel(place.id, "enough");
    await until(async () => (await view(held.ticket)).last_seq > 1);
    expect(await view(held.ticket)).toMatchObject({ status: "QUEUED", paused: true, queued_reason: null });
    const lease = { consumer: "c", pool: "io", max: 5 } as const;
    expect((await stub.lease(lease)).leases).toEqual([]);
    await stub.unpause(place.id);
    expect((await stub.lease(lease)).leases).toHaveLength(1);
  });

  it("[WS1] remembers runs, queue and keys over an eviction", async () => {
    const place = workspace();
    const of = ticket(place);
    const idempotency = { key: "k", fingerprint: "f" };
    await create(of, await place.stub.begin({ ticket: of, idempotency }));
    const held = await begin(place);
    await evictDurableObject(place.inside);
    expect(await place.stub.begin({ ticket: ticket(place), idempotency })).toEqual({
      kind: "repeat",
      execution_id: of.execution_id,
    });
    expect(await place.stub.begin({ ticket: ticket(place), idempotency: { key: "k", fingerprint: "g" } })).toEqual({
      kind: "conflict",
    });
    expect(await place.stub.reacquire(held.ticket)).toMatchObject({ kind: "queued" });
    await executionStub(env, of.execution_id).cancel(place.id, "enough");
    await until(() => hasStarted(held.ticket));
  });

  it("[WI1] one of two simultaneous requests with one key is new", async () => {
    const place = workspace();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        place.stub.begin({ ticket: ticket(place, null), idempotency: { key: "k", fingerprint: "f" } }),
      ),
    );
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual([
      "repeat",
      "repeat",
      "repeat",
      "repeat",
      "repeat",
      "repeat",
      "repeat",
      "start",
    ]);
    expect(new Set(answers.map((answer) => ("execution_id" in answer ? answer.execution_id : ""))).size).toBe(1);
  });

  it("[WI3] forgets keys a day later", async () => {
    const place = workspace();
    const idempotency = { key: "k", fingerprint: "f" };
    await place.stub.begin({ ticket: ticket(place, null), idempotency });
    await runInDurableObject(place.inside, (_, { storage }) => {
      storage.sql.exec("UPDATE idempotency_key SET expires_at = expires_at - 86400000");
    });
    expect(await place.stub.lookUp(idempotency)).toBe(null);
    expect(await place.stub.begin({ ticket: ticket(place, null), idempotency })).toMatchObject({ kind: "start" });
    expect(await place.stub.lookUp(idempotency)).toMatchObject({ kind: "repeat" });
  });

  it("[WH3] a held run whose workspace forgot it, or whose message was lost, goes by itself", async () => {
    const place = workspace();
    const first = await begin(place);
    const held = await begin(place);
    await executionStub(env, held.ticket.execution_id).view(place.id);
    await runInDurableObject(place.inside, (_, { storage }) => {
      storage.sql.exec("DELETE FROM run");
    });
    await evictDurableObject(place.inside);
    expect((await view(held.ticket)).last_seq).toBe(0);
    expect(await runDurableObjectAlarm(insideRun(held.ticket.execution_id))).toBe(true);
    expect(await hasStarted(held.ticket)).toBe(true);
    await executionStub(env, first.ticket.execution_id).cancel(place.id, "enough");
  });

  it("[WH3] a held run comes back from an eviction as it was, and keeps asking", async () => {
    const place = workspace();
    await begin(place);
    const held = await begin(place);
    const before = await view(held.ticket);
    await evictDurableObject(insideRun(held.ticket.execution_id));
    expect(await view(held.ticket)).toEqual(before);
    expect(await runDurableObjectAlarm(insideRun(held.ticket.execution_id))).toBe(true);
    expect(await view(held.ticket)).toEqual(before);
    await runInDurableObject(insideRun(held.ticket.execution_id), async (_, { storage }) => {
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    });
  });

  it("[WA7] a run with a place that is over is found out when its own message was lost", async () => {
    const place = workspace();
    const first = await begin(place);
    await runInDurableObject(insideRun(first.ticket.execution_id), (instance) => {
      const own = instance as unknown as { env: object };
      const silent = { idFromName: () => "", get: () => ({ release: () => Promise.reject(new Error("lost")) }) };
      own.env = { ...own.env, WORKSPACES: silent };
    });
    const held = await begin(place);
    await executionStub(env, first.ticket.execution_id).cancel(place.id, "enough");
    expect(await place.stub.reacquire(held.ticket)).toMatchObject({ kind: "queued" });
    // After a restart every run with a place is asked at once.
    await evictDurableObject(place.inside);
    await place.stub.reacquire(held.ticket);
    await until(async () => (await runDurableObjectAlarm(place.inside), hasStarted(held.ticket)));
  });

  it("[WA4] stops the running one before the new one goes", async () => {
    const place = workspace();
    const flow: FlowSettings = { singleton: { mode: "cancel_running" } };
    const old = await begin(place, flow);
    const next = await begin(place, flow);
    expect(next.answer).toMatchObject({ kind: "hold", reason: { code: "singleton" } });
    await until(() => hasStarted(next.ticket));
    expect(await view(old.ticket)).toMatchObject({ status: "TERMINATED" });
  });

  it("[WA5] lets the last of a burst go when its time has come", async () => {
    const place = workspace();
    const flow: FlowSettings = { debounce: { seconds: 3_600 } };
    const tickets: AdmissionTicket[] = [];
    for (let index = 0; index < 3; index += 1) {
      tickets.push((await begin(place, flow)).ticket);
    }
    const [first, second, last] = tickets;
    if (first === undefined || second === undefined || last === undefined) {
      throw new Error("three runs were begun");
    }
    await until(
      async () => (await view(first)).status === "TERMINATED" && (await view(second)).status === "TERMINATED",
    );
    expect(await hasStarted(last)).toBe(false);
    const now = Date.now;
    Date.now = () => now() + 3_600_000;
    try {
      await runDurableObjectAlarm(place.inside);
    } finally {
      Date.now = now;
    }
    await until(() => hasStarted(last));
    expect((await view(last)).status).toBe("QUEUED");
  });

  it("writes one row for a counted run, and one for a key", async () => {
    const place = workspace();
    await place.stub.credits();
    const written = await runInDurableObject(place.inside, async (instance, { storage }) => {
      let rows = 0;
      const { sql } = storage;
      const exec = sql.exec.bind(sql) as (query: string, ...bindings: unknown[]) => { rowsWritten: number };
      const counting = (query: string, ...bindings: unknown[]): unknown => {
        const cursor = exec(query, ...bindings);
        rows += cursor.rowsWritten;
        return cursor;
      };
      Object.defineProperty(sql, "exec", { value: counting, configurable: true });
      await instance.begin({ ticket: ticket(place) });
      const counted = rows;
      await instance.begin({ ticket: ticket(place, null), idempotency: { key: "k", fingerprint: "f" } });
      return { counted, keyed: rows - counted };
    });
    expect(written).toEqual({ counted: 1, keyed: 1 });
  });

  it("[WP3] learns from runs that ended, and writes what it has learnt by itself", async () => {
    const place = workspace();
    const report = (id: string): RunReport => ({
      execution_id: id,
      workspace_id: place.id,
      graph_id: "g",
      ended: true,
      waiting: false,
      figures: {
        started_at: Date.now() - 1_000,
        ended_at: Date.now(),
        busy_ms: 1_000,
        tokens: 7,
        cost_usd: null,
        size: 100,
      },
      blocks: { b: [[10, 100, 7, null]] },
    });
    await place.stub.observe([report("1"), report("2"), report("1")]);
    const known = await place.stub.estimate("g");
    expect(known).toMatchObject({ sample_size: 2, basis: "all", cost_usd: null, queued_before: 0, outliers: [] });
    expect(known.duration_ms?.p50).toBeGreaterThan(950);
    expect(known.duration_ms?.p50).toBeLessThan(1_050);
    const later = Date.now() + 6_000;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => later);
    expect(await runDurableObjectAlarm(place.inside)).toBe(true);
    clock.mockRestore();
    await evictDurableObject(place.inside);
    expect(await place.stub.estimate("g")).toEqual(known);
    expect(await place.stub.estimate("unknown")).toMatchObject({ sample_size: 0, basis: "none", duration_ms: null });
  });
});

storeContract("a Durable Object's SQLite", (work) =>
  runInDurableObject(workspace().inside, (_, { storage }) => work(() => new SqliteWorkspaceStore(storage))),
);
