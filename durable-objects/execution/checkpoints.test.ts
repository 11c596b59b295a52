import { describe, expect, it } from "vitest";
import { Checkpoints } from "./checkpoints.ts";
import { canonicalState } from "./core/canonical-state.testkit.ts";
import type { LogBatch } from "./core/log-event.ts";
import { plan } from "./core/plan.testkit.ts";
import { Run } from "./run.ts";
import { MemoryExecutionStore } from "./store-memory.ts";
import type { RunHeader } from "./store.ts";

const ENV = { now: 1_000, random: (): number => 0.5, leaseMs: 1_000 };

/** Counts what is read of the log. */
class Watched extends MemoryExecutionStore {
  readFrom: number[] = [];
  saved = 0;

  override batches(afterSeq: number): Iterable<LogBatch> {
    this.readFrom.push(afterSeq);
    return super.batches(afterSeq);
  }

  override saveSnapshot(text: string): void {
    this.saved += 1;
    super.saveSnapshot(text);
  }
}

const header: RunHeader = {
  execution_id: "x",
  workspace_id: "w",
  source: "test",
  created_at: 1,
  plan: plan({ s: {}, a: {}, b: {} }, ["s.out => a.k", "s.out -> a.x", "a.out -> b.x", "b.out -> a.x"]),
};

function start(store: MemoryExecutionStore): Run {
  const [run] = Run.create(store, header, { input: { type: "start", inputs: {} }, env: ENV });
  return run;
}

/** One turn of the loop: four events in one batch, but for the first. */
function turn(run: Run, number: number, outputs: [string, string][] = [["out", "v"]]): void {
  const report = { node_execution_id: `n${number}`, attempt: 1, begun: true, firstOutput: 0, outputs };
  const end = { status: "completed", durationMs: 1, usage: undefined } as const;
  const continuedFrom = run.state.lastSeq;
  run.apply({ type: "report", reports: [{ ...report, end }], continuedFrom, pool: null, max: 0 }, ENV);
}

function load(store: MemoryExecutionStore): Run {
  const run = Run.load(store, 1_000, () => 1_000);
  if (run === null) {
    throw new Error("the run is gone");
  }
  return run;
}

describe("snapshots", () => {
  it("[SN1] [SN4] are kept every so many events, and spare a reload what is before them", () => {
    const store = new Watched(100);
    const run = start(store);
    for (let number = 1; number <= 100; number += 1) {
      turn(run, number);
    }
    const { lastSeq } = run.state;
    expect(lastSeq).toBeGreaterThan(400);
    expect(store.saved).toBe(Math.floor(lastSeq / 100) - (lastSeq % 100 < 4 ? 1 : 0));
    const reloaded = load(store);
    expect(canonicalState(reloaded.state)).toEqual(canonicalState(run.state));
    expect(store.readFrom).toHaveLength(1);
    expect(store.readFrom[0]).toBeGreaterThan(lastSeq - 105);
    turn(reloaded, 101);
    expect(reloaded.state.lastSeq).toBe(lastSeq + 4);
  });

  it("[CH4] [SN2] remember which children are still to be stopped, also when they are made after the end", () => {
    const store = new Watched(4);
    const [run] = Run.create(
      store,
      { ...header, plan: plan({ a: {} }, []) },
      { input: { type: "start", inputs: {} }, env: ENV },
    );
    run.apply({ type: "lease", pool: "io", max: 1 }, ENV);
    const wait = { kind: "child", until: null, state: null, payload: null } as const;
    const end = { status: "waiting", durationMs: 1, usage: undefined, wait } as const;
    const report = { node_execution_id: "n1", attempt: 1, firstOutput: 0, outputs: [], end };
    run.apply({ type: "report", reports: [report], pool: null, max: 0 }, ENV);
    run.apply({ type: "cancel", reason: "test" }, ENV);
    expect([...run.state.orphaned]).toEqual(["n1"]);
    expect(store.saved).toBeGreaterThan(0);
    for (const reloaded of [load(store), load(store)]) {
      expect([...reloaded.state.orphaned]).toEqual(["n1"]);
    }
  });

  it("[SN1] are kept by a reload that had to fold much, also of a run that is over", () => {
    const store = new Watched(100);
    const run = start(store);
    for (let number = 1; number <= 24; number += 1) {
      turn(run, number);
    }
    turn(run, 25, []);
    turn(run, 26, []);
    turn(run, 27, []);
    expect(run.state.status).toBe("COMPLETED");
    expect(store.saved).toBeLessThanOrEqual(1);
    const old = new Watched(20);
    old.adopt({
      created_at: 1,
      header: JSON.stringify(header),
      batches: [...store.batches(0)].map(({ first_seq, at, events }) => ({
        first_seq,
        at,
        last_seq: first_seq + events.length - 1,
        events: JSON.stringify(events),
      })),
    });
    load(old);
    load(old);
    expect([old.saved, old.readFrom]).toEqual([1, [0, run.state.lastSeq]]);
  });

  it("[SN3] of another version, torn, or of another plan are as none", () => {
    const store = new Watched(10);
    const run = start(store);
    for (let number = 1; number <= 5; number += 1) {
      turn(run, number);
    }
    const state = canonicalState(run.state);
    const good = store.snapshot() ?? "";
    const other = JSON.parse(good) as { version: number; state: { delayed: string[] } };
    for (const bad of [
      "",
      "{",
      "null",
      "[]",
      JSON.stringify({ ...other, version: 9_999 }),
      JSON.stringify({ ...other, state: null }),
      JSON.stringify({ ...other, state: { ...other.state, delayed: ["n999"] } }),
    ]) {
      store.saveSnapshot(bad);
      store.readFrom = [];
      expect(canonicalState(load(store).state), bad).toEqual(state);
      expect(store.readFrom).toEqual([0]);
    }
  });

  it("[SN1] [RU3] of a run that has results of an earlier one know which were used", () => {
    const memo = [
      { node_id: "s", key: "{}", outputs: [["out", "v"]] as [string, string][] },
      { node_id: "b", key: '{"x":"v"}', outputs: [["out", "v"]] as [string, string][] },
    ];
    const store = new Watched(4);
    const [run] = Run.create(
      store,
      { ...header, reuse: { memo } },
      {
        input: { type: "start", inputs: {} },
        env: ENV,
      },
    );
    turn(run, 2);
    expect(store.saved).toBeGreaterThan(0);
    const reloaded = load(store);
    expect(canonicalState(reloaded.state)).toEqual(canonicalState(run.state));
    expect(reloaded.state.reuse?.save()).toEqual({ taken: [0, 1], seen: 0 });
  });

  it("[SN1] that are too large to be worth it are not kept again and again", () => {
    const store = new Watched(4);
    const run = start(store);
    turn(run, 1, [["out", "x".repeat(100_000)]]);
    for (let number = 2; number <= 50; number += 1) {
      turn(run, number);
    }
    expect(store.saved).toBe(1);
    expect(canonicalState(load(store).state)).toEqual(canonicalState(run.state));
  });

  it("[SN1] are void with the batch that they were to be written with", () => {
    const store = new Watched(4);
    const run = start(store);
    turn(run, 1);
    const snapshot = store.snapshot();
    store.saveSnapshot = () => {
      throw new Error("disk full");
    };
    let seq = 0;
    const turns = (): void => {
      for (let number = 2; number < 1_000; number += 1) {
        seq = store.lastSeq();
        turn(run, number);
      }
    };
    expect(turns).toThrow("disk full");
    expect([store.snapshot(), store.lastSeq()]).toEqual([snapshot, seq]);
  });

  it("[ND1] mark where in the log node executions begin", () => {
    const store = new Watched(1_000);
    const run = start(store);
    for (let number = 1; number <= 600; number += 1) {
      turn(run, number);
    }
    const { marks } = run.checkpoints;
    expect(marks.length).toBeGreaterThan(3);
    expect(load(store).checkpoints.marks).toEqual(marks);
    expect(new Checkpoints(store).marks).toEqual([]);
  });
});
