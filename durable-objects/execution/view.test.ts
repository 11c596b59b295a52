import { describe, expect, it } from "vitest";
import type { Wait } from "#graph/run/wait.ts";
import { plan, TestRun } from "./core/plan.testkit.ts";
import type { RunHeader } from "./store.ts";
import { sleeps } from "./view.ts";

const HEADER = {} as RunHeader;

/** A run whose only node waits. */
function waiting(wait: Partial<Wait>): TestRun {
  const run = new TestRun(plan({ a: {} }, []));
  const { a = "" } = run.lease();
  const whole: Wait = { kind: "timer", until: null, state: null, payload: null, ...wait };
  run.report(a, { end: { status: "waiting", durationMs: 1, usage: undefined, wait: whole } });
  return run;
}

const asleep = ({ state, now, leaseMs }: TestRun): boolean => sleeps(HEADER, state, { now, leaseMs });
const inSeconds = (seconds: number): Partial<Wait> => ({ until: 1_000 + seconds * 1_000 });

describe("a run that sleeps", () => {
  it("waits for a time that is not near, or for people", () => {
    expect(asleep(waiting(inSeconds(11)))).toBe(true);
    expect(asleep(waiting(inSeconds(9)))).toBe(false);
    expect(asleep(waiting({ kind: "review" }))).toBe(true);
  });

  it("does not wait for a run that it has started, which calls soon, unless it is paused", () => {
    const run = waiting({ kind: "child" });
    expect(asleep(run)).toBe(false);
    run.do({ type: "pause" });
    expect(asleep(run)).toBe(true);
  });

  it("has no work", () => {
    const run = new TestRun(plan({ a: {}, b: {} }, []));
    expect(asleep(run)).toBe(false);
    run.lease(1);
    expect(asleep(run)).toBe(false);
  });

  it("may not have begun: one that is held sleeps until it may go", () => {
    const { state } = new TestRun(plan({ a: {} }, []));
    const held = { held_inputs: {} } as RunHeader;
    expect(sleeps(held, { ...state, status: "INCOMPLETE" }, { now: 1_000, leaseMs: 30_000 })).toBe(true);
  });
});
