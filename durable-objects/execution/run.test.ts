import { describe, expect, it } from "vitest";
import type { Plan } from "#graph/plan/plan.ts";
import { leaseMsOf } from "./env.ts";
import { nextAlarm } from "./core/next-alarm.ts";
import { plan } from "./core/plan.testkit.ts";
import { Run } from "./run.ts";
import { MemoryExecutionStore } from "./store-memory.ts";

const LEASE_MS = 30_000;

function reload(store: MemoryExecutionStore, now: number, leaseOf = (_plan: Plan): number => LEASE_MS): Run {
  const run = Run.load(store, now, leaseOf);
  if (run === null) {
    throw new Error("the run is gone");
  }
  return run;
}

describe("a run that is reloaded", () => {
  it("[LS7] [LS4] sees the lease of a vanished consumer end although it is evicted and reloaded by every alarm", () => {
    const store = new MemoryExecutionStore();
    const env = (now: number): { now: number; random: () => number; leaseMs: number } => ({
      now,
      random: () => 0,
      leaseMs: LEASE_MS,
    });
    const header = {
      execution_id: "x",
      workspace_id: "w",
      source: "test",
      created_at: 0,
      plan: plan({ a: { effects: "idempotent" } }, []),
    };
    const [first] = Run.create(store, header, { input: { type: "start", inputs: {} }, env: env(0) });
    first.apply({ type: "lease", pool: "io", max: 1 }, env(0));
    let now = nextAlarm(first.state, 0, LEASE_MS) ?? 0;
    expect(now).toBe(LEASE_MS);
    const reloaded = reload(store, now);
    reloaded.apply({ type: "tick" }, env(now));
    now = nextAlarm(reloaded.state, now, LEASE_MS) ?? 0;
    expect(now - LEASE_MS).toBeLessThan(10_000);
    reloaded.apply({ type: "tick" }, env(now));
    expect(reloaded.apply({ type: "lease", pool: "io", max: 1 }, env(now)).leased[0]?.attempt).toBe(2);
  });

  it("[LS7] keeps what is left of a lease, and lets a consumer renew it", () => {
    const store = new MemoryExecutionStore();
    const env = { now: 0, random: (): number => 0, leaseMs: LEASE_MS };
    const header = {
      execution_id: "x",
      workspace_id: "w",
      source: "test",
      created_at: 0,
      plan: plan({ a: { effects: "once" } }, []),
    };
    const [first] = Run.create(store, header, { input: { type: "start", inputs: {} }, env });
    first.apply({ type: "lease", pool: "io", max: 1 }, env);
    expect(nextAlarm(reload(store, 1_000).state, 1_000, LEASE_MS)).toBe(LEASE_MS);
    const late = reload(store, 100_000);
    expect(
      late.apply({ type: "renew", attempts: [{ node_execution_id: "n1", attempt: 1 }] }, { ...env, now: 103_000 })
        .refused,
    ).toEqual([]);
    expect(nextAlarm(late.state, 103_000, LEASE_MS)).toBe(103_000 + LEASE_MS);
    expect(store.grace()).toBeNull();
  });

  it("[LS7] gives one grace, however often it is reloaded before a sign of life", () => {
    const store = new MemoryExecutionStore();
    const env = { now: 0, random: (): number => 0, leaseMs: LEASE_MS };
    const header = {
      execution_id: "x",
      workspace_id: "w",
      source: "test",
      created_at: 0,
      plan: plan({ a: { effects: "idempotent" } }, []),
    };
    const [first] = Run.create(store, header, { input: { type: "start", inputs: {} }, env });
    first.apply({ type: "lease", pool: "io", max: 1 }, env);
    for (const now of [100_000, 101_000, 107_000]) {
      expect(reload(store, now).apply({ type: "tick" }, { ...env, now }).events).toEqual([]);
    }
    const { events } = reload(store, 108_000).apply({ type: "tick" }, { ...env, now: 108_000 });
    expect(events.map(({ type }) => type)).toEqual(["node_retrying"]);
  });

  it("[LS7] has leases as long as what was learnt of its plan says, unless the deployment says how long", () => {
    const store = new MemoryExecutionStore();
    const of = plan({ a: { effects: "idempotent" } }, [], { lease_ms: 100_000 });
    const header = { execution_id: "x", workspace_id: "w", source: "test", created_at: 0, plan: of };
    const env = { now: 0, random: (): number => 0, leaseMs: leaseMsOf({}, of) };
    const [first] = Run.create(store, header, { input: { type: "start", inputs: {} }, env });
    first.apply({ type: "lease", pool: "io", max: 1 }, env);
    const ends = (given: { WEFT_LEASE_MS?: string }): number[] =>
      [...reload(store, 1_000, (learnt) => leaseMsOf(given, learnt)).state.running].map(({ leaseUntil }) => leaseUntil);
    expect(ends({})).toEqual([100_000]);
    expect(ends({ WEFT_LEASE_MS: "20000" })).toEqual([20_000]);
  });
});
