import { describe, expect, it } from "vitest";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { Draft } from "#durable-objects/execution/draft.ts";
import type { AttemptReport, LeaseRequest, WorkAnswer } from "#durable-objects/execution/protocol.ts";
import { nothingHere } from "#durable-objects/execution/wire.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { takeBegunWork } from "./begun-work.ts";
import { HandClock } from "./hand-clock.testkit.ts";
import { UnstoredRun } from "./unstored-run.ts";
import type { Storing } from "./unstored-run.ts";

const LEASE_MS = 30_000;
const NEXT: LeaseRequest = { consumer: "c", pool: "io", max: 5 };
const safe = { effects: "safe" } as const;
const WAITING: Partial<AttemptReport> = {
  outputs: [],
  end: { status: "waiting", duration_ms: 1, wait: { kind: "timer", until: 9_000_000, state: null, payload: null } },
};
const FAILED: Partial<AttemptReport> = {
  outputs: [],
  end: { status: "failed", duration_ms: 1, error: { code: "planned", message: "by plan" }, retryable: true },
};

interface Begun {
  clock: HandClock;
  draft: Draft;
  run: UnstoredRun;
  storing: Storing;
  /** What the object was told, in order; `stored` with the events that it got. */
  told: string[];
}

function begin(of: Plan, isOurs = true): Begun {
  const clock = new HandClock();
  const now = clock.now();
  const header = { execution_id: "x", workspace_id: "w", plan: of, source: "test", created_at: now };
  const draft = new Draft(header, {});
  takeBegunWork(draft, { slots: 5, leaseMs: LEASE_MS, now });
  const told: string[] = [];
  const tell = (what: string): Promise<WorkAnswer> => {
    told.push(what);
    return Promise.resolve({ ...nothingHere([]), ended: false });
  };
  let stored: Promise<boolean> | undefined;
  const storing: Storing = {
    get begun() {
      return stored !== undefined;
    },
    done: () => {
      if (stored === undefined) {
        told.push(`stored ${draft.state.lastSeq}`);
      }
      return (stored ??= Promise.resolve(isOurs));
    },
  };
  const run = new UnstoredRun(draft, {
    clock,
    leaseMs: LEASE_MS,
    object: {
      lease: () => tell("lease"),
      report: (reports) => tell(`report of ${reports.map(({ node_execution_id: ne }) => ne).join(", ")}`),
      heartbeat: () => tell("heartbeat"),
    },
    storing,
  });
  return { clock, draft, run, told, storing };
}

function ended(ne: string, more: Partial<AttemptReport> = {}): AttemptReport {
  return {
    node_execution_id: ne,
    attempt: 1,
    first_output: 0,
    outputs: [["out", ne]],
    end: { status: "completed", duration_ms: 5 },
    ...more,
  };
}

describe("a run that no object has yet", () => {
  it("[ST7] goes on over what only reads, and is stored once, when it is over", async () => {
    const { run, told, draft } = begin(plan({ a: safe, b: safe, c: {} }, ["a.out -> c.x"]));
    const first = await run.report([ended("n1")], NEXT, null);
    expect(first.leases.map(({ node_id, effects }) => [node_id, effects])).toEqual([["c", "pure"]]);
    expect(first).toMatchObject({ workspace_id: "w", seq: draft.state.lastSeq, refused: [], ended: false, sync: null });
    expect(told).toEqual([]);
    const last = await run.report([ended("n2"), ended("n3")], NEXT, null);
    expect(last.ended).toBe(true);
    expect(draft.state.status).toBe("COMPLETED");
    expect(told).toEqual([`stored ${draft.state.lastSeq}`]);
  });

  it.each(["once", "idempotent"] as const)("[ST7] is stored before %s work is handed out", async (effects) => {
    const { run, told, draft } = begin(plan({ a: safe, b: { effects } }, ["a.out -> b.x"]));
    const answer = run.report([ended("n1")], NEXT, null);
    expect(told).toEqual([`stored ${draft.state.lastSeq}`]);
    expect((await answer).leases.map(({ node_id }) => node_id)).toEqual(["b"]);
  });

  it.each([
    [
      "more is ready than its Worker takes",
      plan({ a: safe, b: safe, c: safe }, ["a.out -> b.x", "a.out -> c.x"]),
      ended("n1"),
      1,
    ],
    ["something waits for its time", plan({ a: safe, b: safe }, []), ended("n1", WAITING), 5],
    [
      "something is to be repeated later",
      plan({ a: { ...safe, retry: { max_attempts: 2, backoff_ms: 100, max_backoff_ms: 100 } }, b: safe }, []),
      ended("n1", FAILED),
      5,
    ],
    [
      "its outputs come to much",
      plan({ a: safe, b: safe }, []),
      ended("n1", { outputs: Array.from({ length: 20 }, (): [string, string] => ["out", "x".repeat(200_000)]) }),
      5,
    ],
    ["its Worker takes no more", plan({ a: safe, b: safe }, ["a.out -> b.x"]), ended("n1"), -1],
  ])("[ST7] is stored when %s", async (_what, of, report, max) => {
    const { run, told } = begin(of);
    await run.report([report], { ...NEXT, max }, null);
    expect(told).toHaveLength(1);
  });

  it("[ST7] is stored after two seconds, and then its object is who hears", async () => {
    const { run, told, clock, draft } = begin(plan({ a: safe, b: safe }, []));
    clock.pass(1_999);
    expect((await run.heartbeat([{ node_execution_id: "n1", attempt: 1 }])).refused).toEqual([]);
    expect(told).toEqual([]);
    clock.pass(1);
    const { lastSeq } = draft.state;
    expect(told).toEqual([`stored ${lastSeq}`]);
    await run.report([ended("n1")], NEXT, null);
    await run.heartbeat([{ node_execution_id: "n2", attempt: 1 }]);
    await run.lease(NEXT);
    expect(told).toEqual([`stored ${lastSeq}`, "report of n1", "heartbeat", "lease"]);
    expect(draft.state.lastSeq).toBe(lastSeq);
  });

  it("[ST7] is its object's as soon as somebody else has it stored", async () => {
    const { run, told, storing, draft } = begin(plan({ a: safe, b: safe }, []));
    const { lastSeq } = draft.state;
    void storing.done();
    await run.report([ended("n1")], NEXT, null);
    await run.heartbeat([{ node_execution_id: "n2", attempt: 1 }]);
    expect(told).toEqual([`stored ${lastSeq}`, "report of n1", "heartbeat"]);
    expect(draft.state.lastSeq).toBe(lastSeq);
  });

  it.each([
    ["the run", { ...plan({ a: safe }, []), timeout_ms: 700 }],
    ["a node", plan({ a: { ...safe, total_timeout_ms: 700 } }, [])],
  ])("[ST7] is stored when the time of %s is over", (_what, of) => {
    const { told, clock } = begin(of);
    clock.pass(699);
    expect(told).toEqual([]);
    clock.pass(1);
    expect(told).toHaveLength(1);
  });

  it("[ST7] ends for its Worker when somebody else has the run, or nobody could be given it", async () => {
    const { run, told } = begin(plan({ a: safe, b: { effects: "once" } }, ["a.out -> b.x"]), false);
    const answer = await run.report([ended("n1")], NEXT, null);
    // What it had of large values is not for it to delete: whoever has the run may have the same ones.
    expect(answer).toMatchObject({ ended: true, leases: [], workspace_id: "w" });
    expect((await run.report([], NEXT, null)).ended).toBe(true);
    expect((await run.heartbeat([])).ended).toBe(true);
    expect(told).toHaveLength(1);
  });
});
