import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { nextAlarm } from "./next-alarm.ts";
import { plan, TestRun } from "./plan.testkit.ts";
import { initialState } from "./state.ts";

const once = { effects: "once" as const };
const retry = { max_attempts: 3, backoff_ms: 100, max_backoff_ms: 150 };

describe("attempts", () => {
  it("[FF1] outputs of a later execution wait for the earlier one of the same node", () => {
    const run = new TestRun(plan({ a: {}, work: {}, sink: {} }, ["a.out -> work.x", "work.out -> sink.x"]));
    run.completes(run.lease().a ?? "", ["out", 1], ["out", 2]);
    const leased = run.do({ type: "lease", pool: "io", max: 5 }).leased.map(({ id }) => id);
    run.completes(leased[1] ?? "", ["out", "second"]);
    expect(run.inputsOf("sink")).toEqual([]);
    run.completes(leased[0] ?? "", ["out", "first"]);
    expect(run.inputsOf("sink")).toEqual([{ x: "first" }, { x: "second" }]);
  });

  it("[LS1] [LS2] hands out what is queued, once, effectful work only as much as asked for", () => {
    const run = new TestRun(plan({ a: once, b: once, c: once, p: {} }, []));
    expect(Object.keys(run.lease(2))).toEqual(["a", "b", "p"]);
    expect(Object.keys(run.lease(0))).toEqual([]);
    expect(Object.keys(run.lease(5))).toEqual(["c"]);
  });

  it("[LS3] refuses what is not the running attempt", () => {
    const run = new TestRun(plan({ a: {}, b: {} }, []));
    const { a = "" } = run.lease();
    expect(run.report(a, { outputs: [["out", 1]] }, 7).refused).toEqual([{ node_execution_id: a, attempt: 7 }]);
    expect(run.do({ type: "renew", attempts: [{ node_execution_id: "n99", attempt: 1 }] }).refused).toHaveLength(1);
    run.completes(a);
    expect(run.completes(a).refused).toHaveLength(1);
  });

  it("[LS4] hands a lost attempt out again, and refuses its late report", () => {
    const run = new TestRun(plan({ a: { effects: "idempotent" } }, []));
    const { a = "" } = run.lease();
    run.now += run.leaseMs - 1;
    run.do({ type: "renew", attempts: [{ node_execution_id: a, attempt: 1 }] });
    run.now += run.leaseMs - 1;
    expect(run.do({ type: "tick" }).events).toEqual([]);
    run.now += 1;
    run.do({ type: "tick" });
    expect(run.lease().a).toBe(a);
    expect(run.report(a, { end: { status: "completed", durationMs: 1, usage: undefined } }, 1).refused).toHaveLength(1);
    run.completes(a);
    expect(run.state.status).toBe("COMPLETED");
  });

  it("[LS5] does not repeat a lost `once` block", () => {
    const run = new TestRun(plan({ a: once }, []));
    run.lease();
    run.now += run.leaseMs;
    run.do({ type: "tick" });
    expect(run.state.status).toBe("FAILED");
    expect(run.state.error).toMatchObject({ code: "outcome_unknown", node_id: "a" });
  });

  it("[LS5] repeats a lost `once` block whose policy says so", () => {
    const run = new TestRun(plan({ a: { ...once, retry: { ...retry, on: ["outcome_unknown"] } } }, []));
    run.lease();
    run.now += run.leaseMs;
    run.do({ type: "tick" });
    expect(run.lease().a).toBe("n1");
  });

  it("[LS6] [RT3] gives up on a block that takes its consumers down, whatever its policy", () => {
    const run = new TestRun(plan({ a: { retry: { ...retry, max_attempts: 100 } } }, []));
    for (let lost = 0; lost < 5; lost += 1) {
      expect(run.state.status).not.toBe("FAILED");
      run.lease();
      run.now += run.leaseMs;
      run.do({ type: "tick" });
    }
    expect(run.state.error?.code).toBe("attempts_exhausted");
  });

  it("[RP3] a repeated attempt commits only what is new", () => {
    const run = new TestRun(plan({ a: {}, sink: {} }, ["a.out -> sink.x"]));
    const { a = "" } = run.lease();
    run.yields(a, ["out", 1], ["out", 2]);
    run.now += run.leaseMs;
    run.do({ type: "tick" });
    run.lease();
    run.report(a, {
      firstOutput: 0,
      outputs: [
        ["out", 1],
        ["out", 2],
        ["out", 3],
      ],
      end: { status: "completed", durationMs: 1, usage: undefined },
    });
    expect(run.inputsOf("sink")).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }]);
  });

  it("[RP4] [EN2] a handled failure flows on and the run completes", () => {
    const run = new TestRun(plan({ a: {}, sink: {} }, ["a.error -> sink.x"]));
    run.fails(run.lease().a ?? "");
    expect(run.inputsOf("sink")).toEqual([{ x: "it broke" }]);
    run.completes(run.lease().sink ?? "");
    expect(run.state.status).toBe("COMPLETED");
    expect(run.state.stats.node_error_count).toBe(1);
  });

  it("[EN2] an unhandled failure fails the run after the other branches have finished", () => {
    const out = { ui_type: "Output" as const, input_default: { name: "result" } };
    const run = new TestRun(plan({ a: {}, b: {}, o: out }, ["b.out -> o.value"]));
    const { a = "", b = "" } = run.lease();
    run.fails(a);
    expect(run.state.status).toBe("RUNNING");
    run.completes(b, ["out", 1]);
    run.completes(run.lease().o ?? "");
    expect(run.state.status).toBe("FAILED");
    expect(run.state.error).toMatchObject({ code: "boom", node_id: "a" });
    expect(Object.fromEntries(run.state.outputs)).toEqual({ result: [1] });
  });

  it("[RP5] a block that never stops yielding fails", () => {
    const run = new TestRun(plan({ a: {} }, []));
    const { a = "" } = run.lease();
    run.yields(a, ...Array.from({ length: 100_001 }, (): [string, number] => ["out", 1]));
    expect(run.state.error?.code).toBe("too_many_outputs");
  });

  it("[RP6] refuses outputs that do not join on", () => {
    const run = new TestRun(plan({ a: {} }, []));
    const { a = "" } = run.lease();
    expect(run.report(a, { firstOutput: 1, outputs: [["out", 2]] }).refused).toHaveLength(1);
    expect(run.types()).not.toContain("node_output");
  });

  it("[RT1] waits a random share of a growing, bounded time, and not less than the remote asked for", () => {
    const run = new TestRun(plan({ a: { retry: { ...retry, max_attempts: 4 } } }, []));
    const waits: number[] = [];
    for (const retryAfterMs of [undefined, undefined, 5_000]) {
      const event = run
        .fails(run.lease().a ?? "", { retryAfterMs })
        .events.find(({ type }) => type === "node_retrying");
      waits.push((event?.type === "node_retrying" ? event.retry_at : 0) - run.now);
      expect(run.lease()).toEqual({});
      run.now += 10_000;
    }
    expect(waits).toEqual([50, 75, 5_000]);
    run.fails(run.lease().a ?? "");
    expect(run.state.status).toBe("FAILED");
  });

  it("[RT2] repeats only the codes that the policy names, and nothing that cannot be mended", () => {
    const named = new TestRun(plan({ a: { retry: { ...retry, on: ["flaky"] } } }, []));
    named.fails(named.lease().a ?? "", { code: "other" });
    expect(named.state.status).toBe("FAILED");
    const invalid = new TestRun(plan({ a: { retry } }, []));
    invalid.fails(invalid.lease().a ?? "", { code: "invalid_input" });
    expect(invalid.state.status).toBe("FAILED");
  });

  it.each([
    ["what the block calls final is not repeated", false, undefined, "FAILED"],
    ["what it says nothing of is", undefined, undefined, "RUNNING"],
    ["what it calls passing is", true, undefined, "RUNNING"],
    ["the policy may name a final code", false, ["boom"], "RUNNING"],
    ["a code that it does not name is not repeated", true, ["other"], "FAILED"],
  ])("[RT2] %s", (_, retryable, on, status) => {
    const run = new TestRun(plan({ a: { retry: { ...retry, on } } }, []));
    run.fails(run.lease().a ?? "", { retryable });
    expect(run.state.status).toBe(status);
  });

  it("[RT4] [AL1] ends the attempts of a node at the limit that they have together", () => {
    const run = new TestRun(plan({ a: { total_timeout_ms: 1_500, retry: { ...retry, max_attempts: 100 } } }, []));
    run.now += 5_000;
    const { a = "" } = run.lease();
    const end = run.now + 1_500;
    run.now += 700;
    run.do({ type: "renew", attempts: [{ node_execution_id: a, attempt: 1 }] });
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBe(end);
    run.fails(a);
    run.now += 700;
    run.lease();
    run.now = end - 1;
    run.do({ type: "tick" });
    expect(run.state.status).toBe("RUNNING");
    run.now = end;
    run.do({ type: "tick" });
    expect(run.state.error).toMatchObject({ code: "node_timeout", node_id: "a" });
    expect(run.state.error?.message).toContain("1.5 s that they have together");
    expect(run.completes(a).refused).toHaveLength(1);
  });

  it("[RT4] does not wait for a retry that would come too late, and says what failed", () => {
    const run = new TestRun(plan({ a: { total_timeout_ms: 1_500, retry } }, []));
    run.fails(run.lease().a ?? "", { code: "busy", retryAfterMs: 1_500 });
    expect(run.state.error).toMatchObject({ code: "node_timeout" });
    expect(run.state.error?.message).toContain("busy: it broke");
  });

  it("[RT4] [AL1] ends what is ready for its next attempt, and hands nothing out after its limit", () => {
    const lost = (): { run: TestRun; a: string; end: number } => {
      const run = new TestRun(plan({ a: { total_timeout_ms: 1_500, retry }, b: {} }, []));
      const end = run.now + 1_500;
      const { a = "" } = run.lease();
      run.now += 1_000;
      run.do({ type: "tick" });
      expect(run.state.executions.get(a)).toMatchObject({ status: "QUEUED", lost: 1 });
      return { run, a, end };
    };
    for (const paused of [false, true]) {
      const { run, end } = lost();
      if (paused) run.do({ type: "pause" });
      expect(nextAlarm(run.state, run.now, 60_000)).toBe(end);
    }
    const { run, a, end } = lost();
    run.now = end;
    expect(Object.keys(run.lease())).not.toContain("a");
    expect(run.types()).toContain("node_failed");
    expect(run.state.executions.get(a)?.status ?? "over").not.toBe("RUNNING");
    expect(run.state.unhandled).toMatchObject({ code: "node_timeout", node_id: "a" });
  });

  it("[RT4] ends what waits for its next attempt, and not what waits for a time", () => {
    const run = new TestRun(plan({ a: { total_timeout_ms: 1_500, retry }, b: { total_timeout_ms: 1_500 } }, []));
    const { a = "", b = "" } = run.lease();
    const wait = { kind: "timer", until: run.now + 5_000, state: null, payload: null } as const;
    run.report(b, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
    run.now += 1_000;
    run.fails(a, { retryAfterMs: 400 });
    run.now += 500;
    const failed = run.do({ type: "tick" }).events.flatMap((event) => (event.type === "node_failed" ? [event.ne] : []));
    expect(failed).toEqual([a]);
    run.now += 3_500;
    run.do({ type: "tick" });
    expect(Object.keys(run.lease())).toEqual(["b"]);
    run.now += 1_400;
    expect(run.completes(b).refused).toEqual([]);
  });

  it("[EN3] stops a loop at the step limit", () => {
    const run = new TestRun(plan({ a: {}, loop: {} }, ["a.out -> loop.x", "loop.out -> loop.x"], { step_limit: 10 }));
    run.completes(run.lease().a ?? "", ["out", 0]);
    while (run.state.status === "RUNNING") {
      run.completes(run.lease().loop ?? "", ["out", 0]);
    }
    expect(run.state.error).toMatchObject({ code: "step_limit", node_id: "loop" });
    expect(run.types().filter((type) => type === "node_queued")).toHaveLength(10);
  });

  it("[EN4] [AL1] ends a run at its time limit", () => {
    const run = new TestRun(plan({ a: {} }, [], { timeout_ms: 700 }));
    run.lease();
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBe(1_700);
    run.now += 700;
    run.do({ type: "tick" });
    expect(run.state.error?.code).toBe("run_timeout");
    expect(run.types().slice(-2)).toEqual(["node_terminated", "execution_failed"]);
  });

  it("[EN4] counts the time of a run from its start, not from when it was created", () => {
    const state = initialState(plan({ a: {} }, [], { timeout_ms: 700 }), 1_000);
    const at = (now: number): Parameters<typeof decide>[2] => ({ now, random: () => 0.5, leaseMs: 1_000 });
    decide(state, { type: "start", inputs: {} }, at(50_000));
    decide(state, { type: "tick" }, at(50_699));
    expect(state.status).toBe("QUEUED");
    expect(nextAlarm(state, 50_699, 1_000)).toBe(50_700);
    decide(state, { type: "tick" }, at(50_700));
    expect(state.error?.code).toBe("run_timeout");
  });

  it("[EN5] [EN6] cancels at once, and then nothing changes any more", () => {
    const run = new TestRun(plan({ a: {}, b: once, c: once }, []));
    const { a = "" } = run.lease(1);
    run.do({ type: "cancel", reason: "enough" });
    expect(run.state.status).toBe("TERMINATED");
    expect(run.types().filter((type) => type === "node_terminated")).toHaveLength(3);
    expect(run.completes(a)).toMatchObject({ events: [], refused: [{ node_execution_id: a }] });
    expect(run.do({ type: "cancel", reason: "again" }).events).toEqual([]);
    expect(nextAlarm(run.state, run.now, run.leaseMs)).toBeNull();
  });

  it("[AL1] looks again when leases end, backoffs end, or nobody comes", () => {
    const run = new TestRun(plan({ a: { retry }, b: {} }, []));
    expect(nextAlarm(run.state, run.now, 1_000)).toBe(run.now + 1_000);
    const { a = "" } = run.lease();
    run.now += 100;
    expect(nextAlarm(run.state, run.now, 1_000)).toBe(run.now + 900);
    run.fails(a);
    expect(nextAlarm(run.state, run.now, 1_000)).toBe(run.now + 50);
  });
});
