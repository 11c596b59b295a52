import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { isolate } from "#test/workerd/isolated-object.testkit.ts";
import { executionStub } from "#worker/env.ts";
import type { Env, ExecutionStub } from "#worker/env.ts";
import { plan } from "./core/plan.testkit.ts";
import { QUEUE_OF } from "./effects.ts";
import type { ExecutionObject } from "./execution.ts";
import { Draft } from "./draft.ts";
import type { AttemptReport, ExecutionView, StartRequest, WorkMessage } from "./protocol.ts";
import { valueOf } from "./outcome.testkit.ts";
import { storeContract } from "./store-contract.testkit.ts";
import { SqliteExecutionStore } from "./store-sqlite.ts";

const env = testEnv as unknown as Env;
const LEASE_MS = 30_000;
const REQUEST = { consumer: "test", pool: "io", max: 5 } as const;

function object(id: string = crypto.randomUUID()): {
  id: string;
  stub: ExecutionStub;
  inside: DurableObjectStub<ExecutionObject>;
} {
  const stub = executionStub(env, id);
  return { id, stub, inside: stub as unknown as DurableObjectStub<ExecutionObject> };
}

/** Two pure nodes in a row of a block that the registry does not have: only the test can do this work. */
const chain = plan({ a: {}, b: {} }, ["a.out -> b.x"]);

/** Three nodes side by side that reach the outside. */
const calls = plan({ a: { effects: "once" }, b: { effects: "once" }, c: { effects: "once" } }, []);

/** A run whose first two calls its Worker makes. */
function draftOf(id: string, of: StartRequest["plan"]): Draft {
  const { inputs, ...header } = request(id, of);
  const draft = new Draft({ ...header, created_at: Date.now() }, inputs);
  draft.takeWork(2, { now: Date.now(), leaseMs: LEASE_MS });
  return draft;
}

function request(id: string, of: StartRequest["plan"] = chain): StartRequest {
  return { execution_id: id, workspace_id: "w", plan: of, inputs: {}, source: "test" };
}

async function finishNode(stub: ExecutionStub, ne: string, attempt = 1): Promise<unknown> {
  const end = { status: "completed", duration_ms: 1 } as const;
  const outputs: [string, number][] = [["out", 1]];
  return stub.report([{ node_execution_id: ne, attempt, first_output: 0, outputs, end }], { ...REQUEST, max: 0 }, null);
}

/** A subscriber that keeps what it was sent. */
async function subscribe(
  stub: ExecutionStub,
  after: number,
): Promise<{ socket: WebSocket; events: ExecutionEvent[]; closed: Promise<number> }> {
  const headers = { Upgrade: "websocket", "X-Weft-Workspace": "w" };
  const response = await stub.fetch(new Request(`https://object/live?after=${after}`, { headers }));
  const socket = response.webSocket;
  if (socket === null) {
    throw new Error(`no socket: ${response.status}`);
  }
  const events: ExecutionEvent[] = [];
  socket.addEventListener("message", ({ data }) => events.push(JSON.parse(String(data)) as ExecutionEvent));
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  socket.accept();
  return { socket, events, closed };
}

async function seqs(events: ExecutionEvent[], upTo: number): Promise<number[]> {
  while ((events.at(-1)?.seq ?? 0) < upTo) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return events.map(({ seq }) => seq);
}

describe("an execution object", () => {
  it("[ST2] starts once", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    const first = valueOf(await stub.start(request(id), 0));
    const again = valueOf(await stub.start({ ...request(id), inputs: { other: 1 } }, 0));
    expect(again).toEqual(first);
    expect(first).toMatchObject({ id, status: "QUEUED", inputs: {}, outputs: {}, last_seq: 2 });
  });

  it("[ST5] keeps for the Worker that began it what that one has under way, and only for it", async () => {
    const { id, stub, inside } = object();
    const sent = await isolate({ inside });
    const draft = draftOf(id, calls);
    const begun = draft.toBegunRun(false, "first");
    expect(await stub.adopt(begun, 0)).toEqual({ ok: true, value: null });
    // What it did not take is for others.
    expect(sent).toEqual([{ execution_id: id, pool: "io" }]);
    expect(await stub.adopt(begun, 0)).toEqual({ ok: true, value: null });
    await evictDurableObject(inside);
    await isolate({ inside });
    // Its first answer was lost.
    expect(await stub.adopt(begun, 0)).toEqual({ ok: true, value: null });
    const other = valueOf(await stub.adopt({ ...begun, consumer: "second" }, 0));
    expect(other).toMatchObject({ id, status: "RUNNING", last_seq: draft.state.lastSeq });
    expect((await stub.lease({ ...REQUEST, max: 9 })).leases.map(({ node_execution_id }) => node_execution_id)).toEqual(
      ["n3"],
    );
    await runInDurableObject(inside, async (_, { storage }) => {
      expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now() + LEASE_MS);
    });
    for (const ne of ["n1", "n2", "n3"]) {
      await finishNode(stub, ne);
    }
    expect(valueOf(await stub.view("w"))).toMatchObject({ status: "COMPLETED" });
  });

  it("[ST7] is woken for a run that is about to come, and keeps nothing of that", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    await stub.wake();
    expect(await stub.view("w")).toMatchObject({ ok: false, code: "not_found" });
    await runInDurableObject(inside, async (_, { storage }) => {
      const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'");
      expect(tables.toArray()).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
    expect(await stub.adopt(draftOf(id, calls).toBegunRun(false, "first"), 0)).toEqual({ ok: true, value: null });
    await stub.wake();
    expect(valueOf(await stub.view("w"))).toMatchObject({ id, status: "RUNNING" });
  });

  it("[ST6] leaves the list to the consumer that ends a run, and looks after it until it hears", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    const listed: number[] = [];
    await runInDurableObject(inside, (instance) => {
      const own = instance as unknown as { env: object };
      own.env = { ...own.env, PROJECTION_QUEUE: { send: async ({ seq }: { seq: number }) => void listed.push(seq) } };
    });
    await stub.adopt(draftOf(id, calls).toBegunRun(false, "first"), 0);
    const [n3] = (await stub.lease({ ...REQUEST, consumer: "first", max: 9 })).leases;
    expect(n3?.node_execution_id).toBe("n3");
    const last = { ...REQUEST, consumer: "first", max: 0, lists: true } as const;
    const done = (ne: string): AttemptReport => ({
      node_execution_id: ne,
      attempt: 1,
      first_output: 0,
      outputs: [],
      end: { status: "completed", duration_ms: 1 },
    });
    expect(await stub.report([done("n1"), done("n2")], last, null)).not.toHaveProperty("ending");
    const { ending, seq } = await stub.report([done("n3")], last, null);
    expect(ending).toMatchObject({ view: { id, status: "COMPLETED" }, summary: { execution_id: id, seq } });
    // The answer may be lost: whoever asks again hears that the run is over, and the object looks after the list.
    expect(await stub.report([done("n3")], last, null)).toMatchObject({ ended: true });
    expect(listed).toEqual([]);
    expect(valueOf(await stub.listed("w", seq - 1))).toBeNull();
    await runInDurableObject(inside, async (_, { storage }) => expect(await storage.getAlarm()).not.toBeNull());
    expect(listed).toEqual([seq]);
    expect(await stub.listed("other", seq)).toMatchObject({ ok: false, code: "not_found" });
    expect(valueOf(await stub.listed("w", seq))).toBeNull();
    await runInDurableObject(inside, async (_, { storage }) => expect(await storage.getAlarm()).toBeNull());
  });

  it("[LV4] is nobody else's, and nothing is written by asking", async () => {
    const { id, stub, inside } = object();
    const asked = [
      await stub.view("w"),
      await stub.cancel("w", "x"),
      await stub.events("w", 0, 10),
      await stub.remove("w"),
    ];
    expect(asked.every((outcome) => !outcome.ok && outcome.code === "not_found")).toBe(true);
    await runInDurableObject(inside, (_, { storage }) => {
      expect(
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\'").toArray(),
      ).toEqual([]);
    });
    await isolate({ inside });
    await stub.start(request(id), 0);
    expect(await stub.view("other")).toMatchObject({ ok: false, code: "not_found" });
    const headers = { Upgrade: "websocket", "X-Weft-Workspace": "other" };
    expect((await stub.fetch(new Request("https://object/live", { headers }))).status).toBe(404);
  });

  it("runs through the real queue, consumer and blocks", async () => {
    const { id, stub } = object();
    const store = { block_id: "1ff065e9-88e8-4358-9d82-8dc91f622ba9" };
    const of = plan(
      {
        a: { ...store, input_default: { input: "hello" } },
        b: store,
        o: {
          block_id: "363ae599-353e-4804-937e-b2ee3cef3da4",
          ui_type: "Output",
          input_default: { name: "result" },
        },
      },
      ["a.output -> b.input", "b.output -> o.value"],
    );
    const view = valueOf(await stub.start(request(id, of), 20_000));
    expect(view).toMatchObject({ status: "COMPLETED", outputs: { result: ["hello"] } });
    const { items } = valueOf(await stub.nodeExecutions("w", null, 10));
    expect(items.map(({ node_id, status, output }) => [node_id, status, output])).toEqual([
      ["a", "COMPLETED", { output: ["hello"] }],
      ["b", "COMPLETED", { output: ["hello"] }],
      ["o", "COMPLETED", { output: ["hello"], name: ["result"] }],
    ]);
  });

  it("gets the work of each pool done by way of that pool's own queue", async () => {
    const { id, stub, inside } = object();
    const sent: [queue: string, pool: string][] = [];
    await runInDurableObject(inside, (instance) => {
      const own = instance as unknown as { env: Record<string, Queue<WorkMessage>> };
      const real = own.env;
      const watched = Object.values(QUEUE_OF).map((name) => {
        const send = async (message: WorkMessage): Promise<void> => {
          sent.push([name, message.pool]);
          await real[name]?.send(message);
        };
        const sendBatch = (messages: { body: WorkMessage }[]) => Promise.all(messages.map(({ body }) => send(body)));
        return [name, { send, sendBatch } as unknown as Queue<WorkMessage>] as const;
      });
      own.env = { ...real, ...Object.fromEntries(watched) };
    });
    const store = { block_id: "1ff065e9-88e8-4358-9d82-8dc91f622ba9" };
    const of = plan(
      {
        a: { ...store, pool: "memory", input_default: { input: "hello" } },
        b: { ...store, pool: "cpu" },
        c: { ...store, pool: "memory", effects: "idempotent" },
        o: {
          block_id: "363ae599-353e-4804-937e-b2ee3cef3da4",
          ui_type: "Output",
          input_default: { name: "result" },
        },
      },
      ["a.output -> b.input", "b.output -> c.input", "c.output -> o.value"],
    );
    const view = valueOf(await stub.start(request(id, of), 20_000));
    expect(view).toMatchObject({ status: "COMPLETED", outputs: { result: ["hello"] } });
    expect(sent).toEqual([
      ["WORK_QUEUE_MEMORY", "memory"],
      ["WORK_QUEUE_CPU", "cpu"],
      ["WORK_QUEUE_MEMORY", "memory"],
      ["WORK_QUEUE_IO", "io"],
    ]);
  });

  it("[LS7] comes back from its log after an eviction, and takes the report of an attempt that was running", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    await stub.start(request(id), 0);
    const { leases } = await stub.lease(REQUEST);
    const before = valueOf(await stub.view("w"));
    await evictDurableObject(inside);
    await isolate({ inside });
    expect(valueOf(await stub.view("w"))).toEqual(before);
    await runInDurableObject(inside, async (_, { storage }) => {
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    });
    expect(await finishNode(stub, leases[0]?.node_execution_id ?? "")).toMatchObject({ refused: [] });
    expect(valueOf(await stub.view("w")).last_seq).toBeGreaterThan(before.last_seq);
  });

  it("[LS7] keeps the leases of its plan over an eviction", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    const lease_ms = 300_000;
    const begun = Date.now();
    await stub.start(request(id, plan({ a: {} }, [], { lease_ms })), 0);
    await stub.lease(REQUEST);
    await evictDurableObject(inside);
    await isolate({ inside });
    const now = Date.now;
    Date.now = () => now() + 100_000;
    try {
      expect(await runDurableObjectAlarm(inside)).toBe(true);
    } finally {
      Date.now = now;
    }
    const alarm = await runInDurableObject(inside, (_, { storage }) => storage.getAlarm());
    expect(alarm).toBeGreaterThanOrEqual(begun + lease_ms);
  });

  it("[AL2] [AL3] rings when nobody came, announces again, and hands lost work out again", async () => {
    const { id, stub, inside } = object();
    const sent = await isolate({ inside });
    await stub.start(request(id), 0);
    expect(sent).toEqual([{ execution_id: id, pool: "io" }]);
    const armed = await runInDurableObject(inside, (_, { storage }) => storage.getAlarm());
    expect(armed).toBeLessThanOrEqual(Date.now() + LEASE_MS);
    expect(await runDurableObjectAlarm(inside)).toBe(true);
    expect(sent).toHaveLength(2);
    const again = await runInDurableObject(inside, (_, { storage }) => storage.getAlarm());
    expect(again).toBeGreaterThanOrEqual(armed ?? 0);
  });

  it("[AL1] [AL2] moves an alarm that is far off when a wait ends before its time", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    const of = plan({ ask: { effects: "idempotent" } }, []);
    await stub.start(request(id, of), 0);
    const { leases } = await stub.lease(REQUEST);
    const ne = leases[0]?.node_execution_id ?? "";
    const wait = { kind: "review", until: Date.now() + 86_400_000, state: null, payload: null } as const;
    const end = { status: "waiting", duration_ms: 1, wait } as const;
    await stub.report(
      [{ node_execution_id: ne, attempt: 1, first_output: 0, outputs: [], end }],
      { ...REQUEST, max: 0 },
      null,
    );
    expect(await runDurableObjectAlarm(inside)).toBe(true);
    const alarm = (): Promise<number | null> => runInDurableObject(inside, (_, { storage }) => storage.getAlarm());
    expect(await alarm()).toBeGreaterThan(Date.now() + 2 * LEASE_MS);
    valueOf(await stub.review("w", ne, { approved: true }, false));
    expect(await alarm()).toBeLessThanOrEqual(Date.now() + LEASE_MS);
  });

  it("[AL4] after the end looks whether the list knows, and tells it until it does", async () => {
    const { id, stub, inside } = object();
    const told: unknown[] = [];
    let listed = 0;
    await isolate({ inside });
    await runInDurableObject(inside, (instance) => {
      const own = instance as unknown as { env: object };
      own.env = {
        ...own.env,
        PROJECTION_QUEUE: { send: async (summary: unknown) => void told.push(summary) },
        WORK_RUNNER: { listedSeq: async () => listed },
      };
    });
    await stub.start(request(id), 0);
    const { last_seq } = valueOf(await stub.cancel("w", "enough"));
    expect(told).toMatchObject([{ status: "TERMINATED", seq: last_seq }]);
    expect(await runDurableObjectAlarm(inside)).toBe(true);
    expect(told).toHaveLength(2);
    listed = last_seq;
    expect(await runDurableObjectAlarm(inside)).toBe(true);
    expect(told).toHaveLength(2);
    expect(await runDurableObjectAlarm(inside)).toBe(false);
  });

  it("[LV1] [LV3] gives a subscriber every event once and in order, whenever it comes, and closes at the end", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    await stub.start(request(id), 0);
    const early = await subscribe(stub, 0);
    const { leases } = await stub.lease(REQUEST);
    const middle = await subscribe(stub, 3);
    await finishNode(stub, leases[0]?.node_execution_id ?? "");
    const { last_seq } = valueOf(await stub.cancel("w", "enough"));
    const all = Array.from({ length: last_seq }, (_, index) => index + 1);
    expect(await seqs(early.events, last_seq)).toEqual(all);
    expect(await seqs(middle.events, last_seq)).toEqual(all.slice(3));
    expect(await early.closed).toBe(1000);
    const late = await subscribe(stub, 0);
    expect(await seqs(late.events, last_seq)).toEqual(all);
    expect(late.events).toEqual(early.events);
    expect(late.events).toEqual(valueOf(await stub.events("w", 0, 1_000)).items);
    expect(await late.closed).toBe(1000);
  });

  it("[LV2] a socket that slept through an eviction goes on where it was", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    await stub.start(request(id), 0);
    const { events } = await subscribe(stub, 0);
    await seqs(events, 2);
    await evictDurableObject(inside, { webSockets: "hibernate" });
    await isolate({ inside });
    const { last_seq } = valueOf(await stub.cancel("w", "enough"));
    expect(await seqs(events, last_seq)).toEqual(Array.from({ length: last_seq }, (_, index) => index + 1));
  });

  it("is gone when it was removed, and can be started anew under its name", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    await stub.start(request(id), 0);
    const { leases } = await stub.lease(REQUEST);
    expect(await stub.remove("w")).toEqual({ ok: true, value: null });
    expect(await stub.view("w")).toMatchObject({ ok: false });
    expect(await finishNode(stub, leases[0]?.node_execution_id ?? "")).toMatchObject({ ended: true, refused: [{}] });
    expect(valueOf<ExecutionView>(await stub.start(request(id), 0)).last_seq).toBe(2);
  });

  it("waits for the end no longer than it was told to", async () => {
    const { id, stub, inside } = object();
    await isolate({ inside });
    expect(valueOf(await stub.start(request(id), 5)).status).toBe("QUEUED");
    const waiting = stub.wait("w", 30_000);
    await stub.cancel("w", "enough");
    expect(valueOf(await waiting).status).toBe("TERMINATED");
  });
});

storeContract("a Durable Object's SQLite", (work) =>
  runInDurableObject(object().inside, (_, { storage }) => work(new SqliteExecutionStore(storage))),
);
