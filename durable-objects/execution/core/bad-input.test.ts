import { describe, expect, it } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { plan, TestRun } from "./plan.testkit.ts";
import { MAX_EVENTS, MAX_INCOMPLETE } from "./run-limits.ts";

function many(count: number): [string, JsonValue][] {
  return Array.from({ length: count }, (_, at) => ["out", at]);
}

describe("runs that grow without end", () => {
  it("[BI7] too many node executions that wait for values end the run, and what was committed stays", () => {
    const run = new TestRun(
      plan({ a: {}, b: {}, never: {}, pair: {} }, ["a.out -> pair.x", "b.out -> pair.x", "never.out -> pair.y"]),
    );
    const { a = "", b = "" } = run.lease();
    run.completes(a, ...many(MAX_INCOMPLETE));
    expect(run.state.status).toBe("RUNNING");
    run.yields(b, ["out", "one more"]);
    expect(run.state.status).toBe("FAILED");
    expect(run.state.error).toMatchObject({ code: "too_many_incomplete" });
    expect(run.state.executions.size).toBe(0);
    expect(run.completes(b).refused).toHaveLength(1);
  });

  it("[BI7] values that meet their partners may be any number", () => {
    const run = new TestRun(
      plan({ a: {}, b: {}, pair: {} }, ["a.out -> pair.x", "b.out -> pair.y"], { step_limit: 1e6 }),
    );
    const { a = "", b = "" } = run.lease();
    run.completes(a, ...many(MAX_INCOMPLETE));
    run.completes(b, ...many(MAX_INCOMPLETE));
    expect(run.state.stats.node_execution_count).toBe(MAX_INCOMPLETE + 2);
    expect(run.state.error).toBeNull();
  });

  it("[BI7] a log at its limit ends the run", () => {
    const run = new TestRun(plan({ a: {} }, []));
    const { a = "" } = run.lease();
    run.state.lastSeq = MAX_EVENTS - 2;
    run.yields(a, ["out", 1]);
    expect(run.state.status).toBe("RUNNING");
    run.yields(a, ["out", 2]);
    expect(run.state.error).toMatchObject({ code: "log_limit" });
    expect(run.state.status).toBe("FAILED");
  });

  it("[BI10] a second cancel, and everything after the end, changes nothing", () => {
    const run = new TestRun(plan({ a: {} }, []));
    run.lease();
    run.do({ type: "cancel", reason: "enough" });
    const { lastSeq } = run.state;
    for (const input of [
      { type: "cancel", reason: "again" },
      { type: "pause" },
      { type: "unpause" },
      { type: "tick" },
      { type: "start", inputs: {} },
    ] as const) {
      expect(run.do(input).events).toEqual([]);
    }
    expect(run.state).toMatchObject({ lastSeq, status: "TERMINATED", paused: false });
  });
});
