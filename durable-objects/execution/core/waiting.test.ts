import { describe, expect, it } from "vitest";
import type { Wait } from "#graph/run/wait.ts";
import { nextAlarm } from "./next-alarm.ts";
import { plan, TestRun } from "./plan.testkit.ts";

const idempotent = { effects: "idempotent" as const };

function waits(run: TestRun, ne: string, wait: Partial<Wait>): void {
  const end = {
    status: "waiting",
    durationMs: 1,
    usage: undefined,
    wait: { kind: "timer", until: null, state: null, payload: null, ...wait },
  } as const;
  run.report(ne, { end });
}

describe("waiting", () => {
  it("[WT1] [WT2] waits without a lease and goes on when the time has come", () => {
    const run = new TestRun(plan({ a: idempotent, sink: {} }, ["a.out -> sink.x"]));
    const { a = "" } = run.lease();
    run.yields(a, ["out", 1]);
    waits(run, a, { until: run.now + 50_000, state: { step: 1 } });
    expect(run.state.running.size).toBe(0);
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBeLessThanOrEqual(run.now + run.leaseMs);
    run.completes(run.lease().sink ?? "");
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBe(51_000);
    run.now += 49_999;
    expect(run.do({ type: "tick" }).events).toEqual([]);
    run.now += 1;
    run.do({ type: "tick" });
    expect(run.lease().a).toBe(a);
    expect(run.state.executions.get(a)?.resume).toEqual({ reason: "timer", state: { step: 1 }, data: null });
    run.report(a, {
      firstOutput: 0,
      outputs: [["out", 2]],
      end: { status: "completed", durationMs: 1, usage: undefined },
    });
    expect(run.inputsOf("sink")).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it("[WT1] refuses reports of the attempt that has begun to wait", () => {
    const run = new TestRun(plan({ a: idempotent }, []));
    const { a = "" } = run.lease();
    waits(run, a, { until: run.now + 10 });
    expect(run.report(a, { outputs: [["out", 1]] }, 1).refused).toHaveLength(1);
  });

  it("[RP3] counts the outputs of a repeated attempt from the last wait on", () => {
    const run = new TestRun(plan({ a: idempotent, sink: {} }, ["a.out -> sink.x"]));
    const { a = "" } = run.lease();
    run.yields(a, ["out", 1]);
    waits(run, a, { until: run.now });
    run.do({ type: "tick" });
    run.lease();
    run.report(a, { firstOutput: 0, outputs: [["out", 2]] });
    run.now += run.leaseMs;
    run.do({ type: "tick" });
    run.lease();
    run.report(a, {
      firstOutput: 0,
      outputs: [
        ["out", 2],
        ["out", 3],
      ],
      end: { status: "completed", durationMs: 1, usage: undefined },
    });
    expect(run.inputsOf("sink").map(({ x }) => x)).toEqual([1, 2, 3]);
  });

  it("[WT2] bounds a wait to a year", () => {
    const run = new TestRun(plan({ a: idempotent }, []));
    waits(run, run.lease().a ?? "", { until: Number.MAX_SAFE_INTEGER });
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBe(run.now + 366 * 86_400_000);
  });

  it("[WT3] [WT4] [WT5] is in REVIEW while only people are waited for, and takes one decision", () => {
    const run = new TestRun(plan({ ask: idempotent, other: idempotent }, []));
    const { ask = "", other = "" } = run.lease();
    waits(run, ask, { kind: "review", payload: { name: "ok?" } });
    expect(run.state.status).toBe("RUNNING");
    run.completes(other);
    expect(run.state.status).toBe("REVIEW");
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBeNull();
    const decide = { type: "signal", ne: ask, kind: "review", data: { approved: true }, autoApprove: false } as const;
    expect(run.do({ ...decide, kind: "callback" }).accepted).toBe(false);
    expect(run.do(decide).accepted).toBe(true);
    expect(run.do(decide)).toMatchObject({ accepted: false, events: [] });
    expect(run.lease().ask).toBe(ask);
    expect(run.state.status).toBe("RUNNING");
    expect(run.state.executions.get(ask)?.resume).toEqual({ reason: "signal", state: null, data: { approved: true } });
    run.completes(ask);
    expect(run.state.status).toBe("COMPLETED");
    expect(run.do(decide).accepted).toBe(false);
  });

  it("[WT2] a review that nobody answers goes on with a time-out", () => {
    const run = new TestRun(plan({ ask: idempotent }, []));
    const { ask = "" } = run.lease();
    waits(run, ask, { kind: "review", until: run.now + 100 });
    run.now += 100;
    run.do({ type: "tick" });
    expect(run.state.executions.get(ask)?.resume?.reason).toBe("timeout");
  });

  it("[WT6] approves the node's pending and later reviews when that was asked for", () => {
    const run = new TestRun(
      plan({ a: {}, ask: idempotent, other: idempotent }, ["a.out -> ask.x", "a.out -> other.x"]),
    );
    run.completes(run.lease().a ?? "", ["out", 1], ["out", 2], ["out", 3]);
    const leased = run.do({ type: "lease", pool: "io", max: 6 }).leased;
    const asks = leased.filter(({ node }) => node === 1).map(({ id }) => id);
    const others = leased.filter(({ node }) => node === 2).map(({ id }) => id);
    waits(run, asks[0] ?? "", { kind: "review" });
    waits(run, asks[1] ?? "", { kind: "review" });
    waits(run, others[0] ?? "", { kind: "review" });
    run.do({ type: "signal", ne: asks[0] ?? "", kind: "review", data: { approved: true }, autoApprove: true });
    waits(run, asks[2] ?? "", { kind: "review" });
    expect([...run.state.waiting].map(({ id }) => id)).toEqual([others[0]]);
    expect(run.state.executions.get(asks[2] ?? "")?.resume?.data).toMatchObject({ approved: true });
  });

  it("[WT6] waives with an approval only, and gives every review its own data", () => {
    const run = new TestRun(plan({ a: {}, ask: idempotent }, ["a.out -> ask.x"]));
    run.completes(run.lease().a ?? "", ["out", 1], ["out", 2], ["out", 3]);
    const asks = run.do({ type: "lease", pool: "io", max: 6 }).leased.map(({ id }) => id);
    asks.forEach((ask) => waits(run, ask, { kind: "review" }));
    const decide = (index: number, data: { approved: boolean; data?: string }): void => {
      run.do({ type: "signal", ne: asks[index] ?? "", kind: "review", data, autoApprove: true });
    };
    decide(0, { approved: false });
    expect(run.state.waiting.size).toBe(2);
    decide(1, { approved: true, data: "edited" });
    expect(run.state.waiting.size).toBe(0);
    expect(run.state.executions.get(asks[2] ?? "")?.resume?.data).not.toHaveProperty("data");
  });

  it("[PA1] starts nothing while it is paused", () => {
    const run = new TestRun(plan({ a: {}, b: {} }, ["a.out -> b.x"]));
    const { a = "" } = run.lease();
    run.do({ type: "pause" });
    expect(run.do({ type: "pause" }).events).toEqual([]);
    run.completes(a, ["out", 1]);
    expect(run.lease()).toEqual({});
    expect(run.state.status).toBe("RUNNING");
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBeNull();
    run.do({ type: "unpause" });
    run.completes(run.lease().b ?? "");
    expect(run.state.status).toBe("COMPLETED");
  });

  it("[EN5] cancels what waits", () => {
    const run = new TestRun(plan({ ask: idempotent }, []));
    waits(run, run.lease().ask ?? "", { kind: "review" });
    run.do({ type: "cancel", reason: "enough" });
    expect(run.types().slice(-2)).toEqual(["node_terminated", "execution_terminated"]);
  });
});

describe("agents that run agents", () => {
  const agents = plan({ child: idempotent, sink: {} }, ["child.answer -> sink.x", "child.error -> sink.x"]);

  it("[CH2] outputs of the child become the node's, each once, and its end ends the node", () => {
    const run = new TestRun(agents);
    const { child = "" } = run.lease();
    waits(run, child, { kind: "child", payload: { graph_id: "g" } });
    const tell = (firstOutput: number, values: number[], ended = false): number =>
      run.do({
        type: "child",
        news: {
          ne: child,
          firstOutput,
          outputs: values.map((value) => ["answer", value]),
          ...(ended
            ? { end: { status: "completed", durationMs: 5, error: null, usage: { input_tokens: 3 } } as const }
            : {}),
        },
      }).childOutputs;
    expect(tell(0, [1])).toBe(1);
    expect(tell(0, [1, 2])).toBe(2);
    expect(tell(3, [4])).toBe(2);
    expect(run.inputsOf("sink")).toEqual([{ x: 1 }, { x: 2 }]);
    expect(tell(1, [2, 3], true)).toBe(3);
    expect(tell(0, [1, 2, 3], true)).toBe(-1);
    expect(run.inputsOf("sink")).toHaveLength(3);
    expect(run.state.stats.input_tokens).toBe(3);
  });

  it("[CH2] a child that failed fails the node, with its reason", () => {
    const run = new TestRun(agents);
    const { child = "" } = run.lease();
    waits(run, child, { kind: "child" });
    const error = { code: "boom", message: "it broke" };
    run.do({
      type: "child",
      news: { ne: child, firstOutput: 0, outputs: [], end: { status: "failed", durationMs: 1, error, usage: {} } },
    });
    expect(run.inputsOf("sink")).toEqual([{ x: "The agent that this node runs failed: it broke" }]);
    expect(run.log.find(({ type }) => type === "node_failed")).toMatchObject({
      error: { code: "boom" },
      handled: true,
    });
  });

  it("[AL1] looks after a child that is not heard of", () => {
    const run = new TestRun(agents);
    waits(run, run.lease().child ?? "", { kind: "child" });
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBe(run.now + 60_000);
  });
});
