import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env as testEnv } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { executionStub } from "#worker/env.ts";
import type { Env } from "#worker/env.ts";
import type { ExecutionObject } from "./execution.ts";
import { History } from "./history.ts";
import { longRun } from "./long-log.testkit.ts";
import { nodeDetail } from "./node-detail.ts";
import { valueOf } from "./outcome.testkit.ts";
import { Run } from "./run.ts";
import { SqliteExecutionStore } from "./store-sqlite.ts";

const env = testEnv as unknown as Env;
const EVENTS = 100_000;
const id = crypto.randomUUID();
const stub = executionStub(env, id);
const inside = stub as unknown as DurableObjectStub<ExecutionObject>;
let lastSeq = 0;

/** For a page or a node execution: those of a few batches, each of which is about three rows read, to find it and to read it. */
const MOST_ROWS = 24;

/** A store that counts the rows which it reads. */
async function counting<T>(work: (store: SqliteExecutionStore, rows: () => number) => T): Promise<T> {
  return runInDurableObject(inside, (_, { storage }) => {
    let count = 0;
    const sql = {
      exec: (query: string, ...bindings: (string | number | null)[]) => {
        const cursor = storage.sql.exec(query, ...bindings);
        const rows = cursor.toArray();
        count += cursor.rowsRead;
        return { toArray: () => rows };
      },
    };
    const transactionSync = <R>(of: () => R): R => storage.transactionSync(of);
    const store = new SqliteExecutionStore({ sql, transactionSync });
    count = 0;
    const rows = (): number => {
      const read = count;
      count = 0;
      return read;
    };
    return work(store, rows);
  });
}

beforeAll(async () => {
  const { begun, lastSeq: last } = longRun(id, "w", EVENTS);
  lastSeq = last;
  expect(lastSeq).toBeGreaterThan(EVENTS - 500);
  valueOf(await stub.adopt(begun, 0));
});

describe("a log of 100,000 events", () => {
  it("[SN1] [SN4] is folded once, and after that a reload reads the snapshot and what is new", async () => {
    expect(valueOf(await stub.view("w"))).toMatchObject({ status: "COMPLETED", last_seq: lastSeq });
    const rows = await counting((store, read) => {
      const run = Run.load(store, 0, () => 1_000);
      expect(run?.state).toMatchObject({ status: "COMPLETED", lastSeq });
      return read();
    });
    expect(rows).toBeLessThanOrEqual(10);
    await evictDurableObject(inside);
    expect(valueOf(await stub.view("w"))).toMatchObject({ status: "COMPLETED", last_seq: lastSeq });
  });

  it("[SO5] is read by the page: rows are those of the page, wherever in the log it is", async () => {
    const read = await counting((store, rows) => {
      const run = Run.load(store, 0, () => 1_000);
      if (run === null) {
        throw new Error("the run is gone");
      }
      const { plan, executions } = run.state;
      const { marks } = run.checkpoints;
      const history = (): History => new History(store, plan, id);
      rows();
      const events = [0, 50_000, lastSeq - 50].map((after) => {
        expect(history().events(after, 100)[0]?.seq).toBe(after + 1);
        return rows();
      });
      const nodes = [null, "50000", String(lastSeq - 40)].map((cursor) => {
        expect(history().nodeExecutions(cursor, 100, executions).items.length).toBeGreaterThan(5);
        return rows();
      });
      const details = ["n1", "n12500", "n24900"].map((ne) => {
        expect(nodeDetail(run.state, history(), ne, marks)?.status).toBe("COMPLETED");
        return rows();
      });
      return { events, nodes, details };
    });
    // The log is about 500 rows.
    for (const rows of [...read.events, ...read.nodes, ...read.details]) {
      expect(rows, JSON.stringify(read)).toBeLessThanOrEqual(MOST_ROWS);
    }
  });

  it("[SO3] gives every event once when it is paged through, with the values that its references mean", async () => {
    let after = 0;
    const turns: unknown[] = [];
    while (after < lastSeq) {
      const { items } = valueOf(await stub.events("w", after, 1_000));
      for (const event of items) {
        expect(event.seq).toBe(after + 1);
        after = event.seq;
        if (event.type === "node_queued" && Object.hasOwn(event.input, "config")) {
          expect(event.input).toEqual({ x: expect.stringMatching(/^turn /) as unknown, config: "from the start" });
          turns.push(event.input["x"]);
        }
      }
    }
    expect(new Set(turns).size).toBe(turns.length);
    expect(turns.length).toBeGreaterThan(12_000);
  });

  it("[LV1] [LV3] reaches a subscriber whole, a stretch at a time, and ends", async () => {
    const headers = { Upgrade: "websocket", "X-Weft-Workspace": "w" };
    const after = lastSeq - 22_222;
    const { webSocket } = await stub.fetch(new Request(`https://object/live?after=${after}`, { headers }));
    if (webSocket === null) {
      throw new Error("no socket");
    }
    let next = after + 1;
    webSocket.addEventListener("message", ({ data }) => {
      expect((JSON.parse(String(data)) as ExecutionEvent).seq).toBe(next);
      next += 1;
    });
    const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
    webSocket.accept();
    expect(await closed).toBe(1000);
    expect(next).toBe(lastSeq + 1);
  });
});
