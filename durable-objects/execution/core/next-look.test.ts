import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { nextAlarm } from "./next-alarm.ts";
import { nextChildLook, nextWorkLook } from "./next-look.ts";
import { plan, TestRun } from "./plan.testkit.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

const DAY_MS = 86_400_000;

describe("the time of the next look after a child", () => {
  it("[CH3] comes after as long again as it was waited, at least a minute, at most a day", () => {
    for (let now = 5; now < 400 * DAY_MS; now = nextChildLook(5, now)) {
      const wait = nextChildLook(5, now) - now;
      expect(wait).toBeGreaterThanOrEqual(60_000);
      expect(wait).toBeLessThanOrEqual(Math.max(60_000, Math.min(now - 5, DAY_MS)));
    }
  });

  it("[CH3] is not put off by whatever happens before it", () => {
    for (const now of [60_000, 3_600_000, 50 * DAY_MS]) {
      const at = nextChildLook(0, now);
      expect([nextChildLook(0, (now + at) / 2), nextChildLook(0, at - 1)]).toEqual([at, at]);
    }
  });

  it("[CH3] is a minute away for a clock that stands before the wait began", () => {
    expect(nextChildLook(1_000_000, 5)).toBe(1_060_000);
  });
});

describe("the time of the next look after work that nobody comes for", () => {
  const LEASE_MS = 30_000;

  it("[AL1] comes after as long again as nothing has happened, at least a lease, at most ten minutes", () => {
    const looks: number[] = [];
    for (let now = 1_000; now < 3_600_000; now = nextWorkLook(1_000, now, LEASE_MS)) looks.push((now - 1_000) / 1_000);
    expect(looks).toEqual([0, 30, 60, 120, 240, 480, 600, 1200, 1800, 2400, 3000]);
  });

  it("[AL1] is a lease away where leases are longer", () => {
    expect(nextWorkLook(0, 0, 1_200_000)).toBe(1_200_000);
    expect(nextWorkLook(0, 1_200_000, 1_200_000)).toBe(2_400_000);
  });

  it("[AL1] counts from when the work became ready, also by the end of a backoff, and also after a reload", () => {
    const retry = { max_attempts: 2, backoff_ms: 0, max_backoff_ms: 0 };
    const run = new TestRun(plan({ a: { effects: "idempotent", retry } }, []));
    const { a = "" } = run.lease();
    run.fails(a, { retryAfterMs: 300_000 });
    const snapshot = JSON.parse(JSON.stringify(takeSnapshot(run.state))) as Snapshot;
    run.now += 300_000;
    const ready = run.now;
    run.do({ type: "tick" });
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBe(ready + run.leaseMs);
    run.now += run.leaseMs;
    const reloaded = restoreSnapshot(run.state.plan, snapshot);
    decide(reloaded, { type: "tick" }, { now: run.now, random: () => 0, leaseMs: run.leaseMs });
    expect(nextAlarm(reloaded, run.now, run.leaseMs)).toBe(ready + 2 * run.leaseMs);
  });
});
