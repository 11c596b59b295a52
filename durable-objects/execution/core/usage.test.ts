import { describe, expect, it } from "vitest";
import type { NodeUsage, RunStats } from "#graph/run/event.ts";
import { plan, TestRun } from "./plan.testkit.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";

const retry = { max_attempts: 3, backoff_ms: 0, max_backoff_ms: 0 };
const RETRIED = plan({ ask: { effects: "idempotent", retry } }, []);

function failed(usage: NodeUsage | undefined) {
  const error = { code: "boom", message: "it broke" };
  return { status: "failed", durationMs: 1, usage, error, retryable: true, retryAfterMs: undefined } as const;
}

function completed(usage: NodeUsage | undefined) {
  return { status: "completed", durationMs: 1, usage } as const;
}

/** The figures with which the run's last event ends it. */
function lastStats(run: TestRun): RunStats | undefined {
  const last = run.log.at(-1);
  return last !== undefined && "stats" in last ? last.stats : undefined;
}

describe("usage of a run", () => {
  it("[US1] counts a failed attempt and the one that repeats it", () => {
    const run = new TestRun(RETRIED);
    run.report(run.lease().ask ?? "", {
      end: failed({ input_tokens: 10, output_tokens: 1, calls: 1, cost_usd: 0.1 }),
    });
    expect(run.log.at(-1)).toMatchObject({ type: "node_retrying", usage: { input_tokens: 10, cost_usd: 0.1 } });
    expect(run.state.stats).toMatchObject({ input_tokens: 10, output_tokens: 1, cost_usd: 0.1 });
    run.report(run.lease().ask ?? "", {
      end: completed({ input_tokens: 20, output_tokens: 2, calls: 1, cost_usd: 0.2 }),
    });
    expect(lastStats(run)).toMatchObject({ input_tokens: 30, output_tokens: 3, cost_usd: 0.3 });
  });

  it("[US1] counts what was used before a wait, and after it", () => {
    const run = new TestRun(RETRIED);
    const wait = { kind: "timer" as const, until: run.now + 5, state: null, payload: null };
    run.report(run.lease().ask ?? "", { end: { status: "waiting", durationMs: 1, usage: { input_tokens: 1 }, wait } });
    run.now += 5;
    run.do({ type: "tick" });
    run.report(run.lease().ask ?? "", { end: failed({ input_tokens: 2 }) });
    run.report(run.lease().ask ?? "", { end: failed({ input_tokens: 4 }) });
    run.report(run.lease().ask ?? "", { end: failed({ input_tokens: 8 }) });
    expect(run.state.status).toBe("FAILED");
    expect(lastStats(run)?.input_tokens).toBe(15);
  });

  it("[US1] counts an attempt whose outputs were too many", () => {
    const run = new TestRun(plan({ many: {} }, []));
    const outputs = Array.from({ length: 100_001 }, (): [string, number] => ["out", 1]);
    run.report(run.lease().many ?? "", { outputs, end: completed({ input_tokens: 3, cost_usd: 0.5 }) });
    expect(run.state.error?.code).toBe("too_many_outputs");
    expect(lastStats(run)).toMatchObject({ input_tokens: 3, cost_usd: 0.5 });
  });

  it("[US1] counts an attempt whose outputs end the run", () => {
    const run = new TestRun(plan({ a: {}, b: {} }, ["a.out -> b.x"], { step_limit: 1 }));
    run.report(run.lease().a ?? "", { outputs: [["out", 1]], end: completed({ input_tokens: 3, cost_usd: 0.5 }) });
    expect(run.state.error?.code).toBe("step_limit");
    expect(run.types().slice(-2)).toEqual(["node_terminated", "execution_failed"]);
    expect(lastStats(run)).toMatchObject({ input_tokens: 3, cost_usd: 0.5 });
  });

  it("[US5] knows nothing of lost attempts, and takes nothing of refused ones", () => {
    const run = new TestRun(RETRIED);
    const { ask = "" } = run.lease();
    run.now += run.leaseMs;
    run.do({ type: "tick" });
    run.lease();
    expect(run.report(ask, { end: completed({ input_tokens: 7 }) }, 1).refused).toHaveLength(1);
    run.report(ask, { end: completed({ input_tokens: 2 }) });
    run.report(ask, { end: completed({ input_tokens: 2 }) }, 2);
    expect(lastStats(run)?.input_tokens).toBe(2);
  });

  it("[US3] has no cost while none is known, and else the sum of what is", () => {
    const two = plan({ a: {}, b: {} }, []);
    const unknown = new TestRun(two);
    unknown.report(unknown.lease().a ?? "", { end: completed({ input_tokens: 7 }) });
    unknown.completes("n2");
    expect(lastStats(unknown)).not.toHaveProperty("cost_usd");
    const partly = new TestRun(two);
    partly.report(partly.lease().a ?? "", { end: completed({ input_tokens: 7 }) });
    partly.report("n2", { end: completed({ input_tokens: 1, cost_usd: 0.25 }) });
    expect(lastStats(partly)).toMatchObject({ input_tokens: 8, cost_usd: 0.25 });
  });

  it("[US2] comes to the same sum from a snapshot in the middle", () => {
    const fan = plan({ a: {}, b: {}, c: {} }, []);
    const costs = [0.1, 0.2, 0.7];
    const whole = new TestRun(fan);
    whole.lease();
    costs.forEach((cost_usd, index) => whole.report(`n${index + 1}`, { end: completed({ cost_usd }) }));
    const resumed = new TestRun(fan);
    resumed.lease();
    resumed.report("n1", { end: completed({ cost_usd: 0.1 }) });
    resumed.report("n2", { end: completed({ cost_usd: 0.2 }) });
    const saved = JSON.parse(JSON.stringify(takeSnapshot(resumed.state))) as Snapshot;
    Object.assign(resumed.state, restoreSnapshot(fan, saved));
    resumed.report("n3", { end: completed({ cost_usd: 0.7 }) });
    expect(resumed.state.stats.cost_usd).toBe(1);
    expect(whole.state.stats.cost_usd).toBe(1);
  });
});

describe("usage of a run that another run started", () => {
  it.each(["completed", "failed", "terminated"] as const)(
    "[US4] counts once for its node when it is %s, however often it is told",
    (status) => {
      const run = new TestRun(plan({ child: { effects: "idempotent" } }, []));
      const { child = "" } = run.lease();
      const wait = { kind: "child" as const, until: null, state: null, payload: null };
      run.report(child, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
      const usage = { input_tokens: 5, output_tokens: 6, calls: 1, cost_usd: 0.3 };
      const end = { status, durationMs: 9, error: null, usage };
      const tell = () => run.do({ type: "child", news: { ne: child, firstOutput: 0, outputs: [], end } });
      tell();
      tell();
      expect(lastStats(run)).toMatchObject({ input_tokens: 5, output_tokens: 6, cost_usd: 0.3 });
    },
  );

  it("[US4] counts when its last outputs end the run above", () => {
    const run = new TestRun(plan({ child: { effects: "idempotent" }, b: {} }, ["child.out -> b.x"], { step_limit: 1 }));
    const { child = "" } = run.lease();
    const wait = { kind: "child" as const, until: null, state: null, payload: null };
    run.report(child, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
    const end = { status: "completed" as const, durationMs: 9, error: null, usage: { input_tokens: 5 } };
    run.do({ type: "child", news: { ne: child, firstOutput: 0, outputs: [["out", 1]], end } });
    expect(run.state.error?.code).toBe("step_limit");
    expect(lastStats(run)?.input_tokens).toBe(5);
  });
});
