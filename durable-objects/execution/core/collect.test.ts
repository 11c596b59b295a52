import { describe, expect, it } from "vitest";
import type { JsonValue } from "#graph/json.ts";
import { canonicalState } from "./canonical-state.testkit.ts";
import { MAX_GATHERED, MAX_GATHERED_CHARS } from "./collect.ts";
import { effectiveInput } from "./effective-input.ts";
import { evolveBatch } from "./evolve.ts";
import { gathers, plan, TestRun } from "./plan.testkit.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import { initialState } from "./state.ts";
import { markerOf } from "./stored-value.ts";

const outs = (...values: JsonValue[]): ["out", JsonValue][] => values.map((value) => ["out", value]);
const fan = (until: "count" | "end", more = {}) =>
  plan({ a: {}, op: {}, all: { ...gathers(until), ...more }, next: {} }, [
    "a.out -> op.x",
    "op.out -> all.item",
    "all.list -> next.x",
  ]);

/** Every leased execution of a node completes with what it yields for its input. */
function runAll(run: TestRun, node: string, yields: (x: JsonValue) => JsonValue[]): void {
  const { leased } = run.do({ type: "lease", pool: "io", max: 100 });
  for (const execution of leased) {
    expect(run.state.plan.nodes[execution.node]?.id).toBe(node);
    run.completes(execution.id, ...outs(...yields(effectiveInput(execution).x ?? null)));
  }
}

describe("gathering until the end", () => {
  it("[GA1] [GA3] takes everything that arrives, in order, once nothing before it is left", () => {
    const run = new TestRun(fan("end"));
    const { a = "" } = run.lease();
    run.yields(a, ...outs(1, 2));
    run.completes(a, ...outs(3));
    expect(run.inputsOf("all")).toEqual([]);
    runAll(run, "op", (x) => [Number(x) * 10]);
    expect(run.inputsOf("all")).toEqual([{ item: [10, 20, 30] }]);
    const { all = "" } = run.lease();
    run.completes(all, ["list", [10, 20, 30]]);
    expect(run.inputsOf("next")).toEqual([{ x: [10, 20, 30] }]);
  });

  it("[GA1] values of several links, parts of values and values of static links are elements like any other", () => {
    const run = new TestRun(
      plan({ a: {}, b: {}, all: gathers("end") }, [
        "a.out_#_k -> all.item",
        "b.out => all.item",
        "a.other -> all.item",
      ]),
    );
    const { a = "", b = "" } = run.lease();
    run.yields(a, ["out", { k: 1 }], ["out", { other: 1 }]);
    run.completes(b, ["out", null]);
    run.completes(a, ["other", "x"]);
    expect(run.inputsOf("all")).toEqual([{ item: [1, null, "x"] }]);
  });

  it("[GA1] [ST1] a node without links starts with what stands in it", () => {
    const run = new TestRun(plan({ all: { ...gathers("end"), input_default: { item: [1, 2] } } }, []));
    const { leased } = run.do({ type: "lease", pool: "io", max: 1 });
    expect(leased.map((execution) => [execution.status, effectiveInput(execution)])).toEqual([["RUNNING", {}]]);
  });

  it("[GA3] waits for executions that are ready, that run, that wait, that are repeated, and that hold back outputs", () => {
    const retry = { max_attempts: 2, backoff_ms: 100, max_backoff_ms: 100 };
    const run = new TestRun(
      plan({ a: {}, op: { retry }, all: gathers("end") }, ["a.out -> op.x", "op.out -> all.item"]),
    );
    const { a = "" } = run.lease();
    run.completes(a, ...outs(1, 2, 3));
    const [first = "", second = "", third = ""] = run
      .do({ type: "lease", pool: "io", max: 10 })
      .leased.map(({ id }) => id);
    run.completes(third, ...outs("c"));
    const wait = { kind: "timer" as const, until: run.now + 5_000, state: null, payload: null };
    run.report(second, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
    run.fails(first);
    expect(run.inputsOf("all")).toEqual([]);
    run.now += 200;
    run.do({ type: "tick" });
    run.lease();
    run.completes(first, ...outs("a"));
    expect(run.inputsOf("all")).toEqual([]);
    run.now += 5_000;
    run.do({ type: "tick" });
    run.lease();
    run.completes(second, ...outs("b"));
    expect(run.inputsOf("all")).toEqual([{ item: ["a", "b", "c"] }]);
  });

  it("[GA3] gives an empty list when nothing arrived, and none where nothing before it ever ran", () => {
    const shape = plan({ a: {}, op: {}, all: gathers("end"), u: {}, v: {}, never: gathers("end") }, [
      "a.out -> op.x",
      "op.out -> all.item",
      "u.out -> v.x",
      "v.out -> u.x",
      "v.out -> never.item",
    ]);
    const run = new TestRun(shape);
    const { a = "" } = run.lease();
    run.completes(a);
    expect(run.inputsOf("all")).toEqual([{ item: [] }]);
    const { all = "" } = run.lease();
    run.completes(all);
    expect(run.inputsOf("never")).toEqual([]);
    expect(run.state.status).toBe("COMPLETED");
  });

  it("[GA3] one that comes before another fires first, else the graph's order counts", () => {
    const run = new TestRun(
      plan({ z: gathers("end"), y: gathers("end"), x: gathers("end"), a: {} }, [
        "a.out -> y.item",
        "a.out -> x.item",
        "x.list -> z.item",
      ]),
    );
    const { a = "" } = run.lease();
    run.completes(a, ...outs(1));
    const order = () => run.log.flatMap((event) => (event.type === "node_queued" ? [event.node] : []));
    expect(order()).toEqual([3, 1, 2]);
    const { x = "", y = "" } = run.lease();
    run.completes(y);
    run.completes(x, ["list", [1]]);
    expect(order()).toEqual([3, 1, 2, 0]);
    expect(run.inputsOf("z")).toEqual([{ item: [[1]] }]);
  });

  it("[GA3] a failure before it leaves out what failed", () => {
    const run = new TestRun(fan("end"));
    const { a = "" } = run.lease();
    run.completes(a, ...outs(1, 2));
    const [first = "", second = ""] = run.do({ type: "lease", pool: "io", max: 10 }).leased.map(({ id }) => id);
    run.completes(first, ...outs("one"));
    run.fails(second);
    expect(run.inputsOf("all")).toEqual([{ item: ["one"] }]);
    const { all = "" } = run.lease();
    run.completes(all);
    expect(run.state.status).toBe("FAILED");
  });

  it("[GA3] fires for results at hand too", () => {
    const shape = fan("end");
    shape.nodes = shape.nodes.map((node) =>
      node.id === "next" ? node : { ...node, pinned: { out: [1, 2], list: [7] } },
    );
    const run = new TestRun(shape);
    expect(run.inputsOf("all")).toEqual([{ item: [1, 2, 1, 2] }]);
    expect(run.inputsOf("next")).toEqual([{ x: 7 }]);
  });
});

describe("gathering by number", () => {
  it("[GA2] [GA6] a number in the node makes a list of every so many; the rest waits and keeps no run from ending", () => {
    const run = new TestRun(fan("count", { input_default: { count: 2 } }));
    const { a = "" } = run.lease();
    run.completes(a, ...outs(1, 2, 3, 4, 5));
    runAll(run, "op", (x) => [x]);
    expect(run.inputsOf("all")).toEqual([{ item: [1, 2] }, { item: [3, 4] }]);
    for (const { id } of run.do({ type: "lease", pool: "io", max: 10 }).leased) {
      run.completes(id);
    }
    expect(run.state.status).toBe("COMPLETED");
  });

  const counted = (arrow: "->" | "=>") =>
    plan({ c: {}, a: {}, all: gathers("count") }, [`c.out ${arrow} all.count`, "a.out -> all.item"]);

  it("[GA2] the k-th number is that of the k-th list, whichever comes first; none is an empty list at once", () => {
    const run = new TestRun(counted("->"));
    const { a = "", c = "" } = run.lease();
    run.yields(c, ...outs(2, 0));
    run.yields(a, ...outs("a", "b", "c"));
    expect(run.inputsOf("all")).toEqual([
      { count: 2, item: ["a", "b"] },
      { count: 0, item: [] },
    ]);
    run.yields(a, ...outs("d", "e"));
    run.yields(c, ...outs("2"));
    run.yields(c, ...outs(0, 1));
    expect(run.inputsOf("all").slice(2)).toEqual([
      { count: "2", item: ["c", "d"] },
      { count: 0, item: [] },
      { count: 1, item: ["e"] },
    ]);
  });

  it("[GA2] a number over a static link that comes late makes as many lists as there are values for", () => {
    const run = new TestRun(counted("=>"));
    const { a = "", c = "" } = run.lease();
    run.yields(a, ...outs("a", "b", "c", "d", "e"));
    run.yields(c, ...outs(2));
    expect(run.inputsOf("all").map(({ item }) => item)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    run.yields(a, ...outs("f"));
    expect(run.inputsOf("all").at(-1)).toEqual({ count: 2, item: ["e", "f"] });
  });

  it("[GA2] a number over a static link holds on, but one of 0 gives one empty list", () => {
    const run = new TestRun(counted("=>"));
    const { a = "", c = "" } = run.lease();
    run.yields(a, ...outs("a", "b", "c"));
    run.yields(c, ...outs(2));
    run.yields(a, ...outs("d"));
    expect(run.inputsOf("all")).toEqual([
      { count: 2, item: ["a", "b"] },
      { count: 2, item: ["c", "d"] },
    ]);
    run.yields(c, ...outs(0));
    run.yields(a, ...outs("e", "f"));
    expect(run.inputsOf("all").slice(2)).toEqual([{ count: 0, item: [] }]);
    expect(run.state.status).toBe("RUNNING");
  });

  it.each([["x"], [-1], [1.5], [null], [[1]]])("[GA5] the number %j fails the list that it is for", (number) => {
    const run = new TestRun(counted("->"));
    const { a = "", c = "" } = run.lease();
    run.yields(a, ...outs("lost"));
    run.yields(c, ...outs(number, 1));
    run.completes(a, ...outs("kept"));
    run.completes(c);
    expect(run.log.find(({ type }) => type === "node_failed")).toMatchObject({
      error: { code: "invalid_input", node_id: "all" },
    });
    expect(run.inputsOf("all").at(-1)).toEqual({ count: 1, item: ["kept"] });
    const { all = "" } = run.lease();
    run.completes(all);
    expect(run.state).toMatchObject({ status: "FAILED", error: { code: "invalid_input" } });
  });
});

describe("limits of gathering", () => {
  it("[GA5] more than 100,000 values fail the list; later ones are dropped", () => {
    const run = new TestRun(
      plan({ a: {}, b: {}, all: gathers("end"), e: {} }, [
        "a.out -> all.item",
        "b.out -> all.item",
        "all.error -> e.x",
      ]),
    );
    const { a = "", b = "" } = run.lease();
    run.completes(a, ...outs(...Array.from({ length: MAX_GATHERED }, (_, index) => index)));
    expect(run.types()).not.toContain("node_failed");
    run.yields(b, ...outs("one more"));
    expect(run.log.find(({ type }) => type === "node_failed")).toMatchObject({
      error: { code: "too_many_items" },
      handled: true,
    });
    const length = run.log.length;
    run.yields(b, ...outs("too late"));
    expect(run.log.slice(length).map(({ type }) => type)).toEqual(["node_output"]);
    run.completes(b);
    const { e = "" } = run.lease();
    run.completes(e);
    expect(run.state.status).toBe("COMPLETED");
  });

  it("[GA5] values that are too large together fail the list", () => {
    const run = new TestRun(plan({ a: {}, all: gathers("end") }, ["a.out -> all.item"]));
    const { a = "" } = run.lease();
    const large = "x".repeat(1_000_000);
    run.yields(a, ...outs(...Array.from({ length: MAX_GATHERED_CHARS / 1_000_000 - 1 }, () => large)));
    expect(run.types()).not.toContain("node_failed");
    run.completes(a, ...outs(large, "too late"));
    expect(run.state).toMatchObject({ status: "FAILED", error: { code: "gathered_too_large", node_id: "all" } });
  });

  it("[GA5] large values count with what is stored of them", () => {
    const stored = (size: number) => markerOf({ sha256: "0", size, type: "string", preview: "" });
    const run = new TestRun(plan({ a: {}, all: gathers("end") }, ["a.out -> all.item"]));
    const { a = "" } = run.lease();
    run.yields(a, ...outs(stored(60_000_000), { part: stored(39_000_000) }));
    expect(run.types()).not.toContain("node_failed");
    run.completes(a, ...outs(stored(1_000_000)));
    expect(run.state).toMatchObject({ status: "FAILED", error: { code: "gathered_too_large" } });
  });

  it("[GA5] a number of more than 100,000 fails at once", () => {
    const run = new TestRun(fan("count", { input_default: { count: MAX_GATHERED + 1 } }));
    const { a = "" } = run.lease();
    run.completes(a, ...outs(1));
    runAll(run, "op", (x) => [x]);
    expect(run.state).toMatchObject({ status: "FAILED", error: { code: "too_many_items" } });
  });

  it("[GA7] the log grows with the values, not with their square, and holds none of them twice before the list is yielded", () => {
    const size = (count: number): number => {
      const run = new TestRun(fan("end"));
      const { a = "" } = run.lease();
      run.completes(a, ...outs(...Array.from({ length: count }, (_, index) => `value-${index}`)));
      for (let left = count; left > 0; left -= 64) {
        runAll(run, "op", () => ["x".repeat(100)]);
      }
      expect(run.inputsOf("all")[0]?.item).toHaveLength(count);
      const text = JSON.stringify(run.log);
      expect(text.split("x".repeat(100)).length - 1).toBe(count);
      return text.length;
    };
    expect(size(2_000) / size(1_000)).toBeLessThan(2.1);
  });
});

describe("a gathering run's state", () => {
  const states = (): TestRun[] => {
    const run = new TestRun(fan("end"));
    const { a = "" } = run.lease();
    run.completes(a, ...outs(1, 2, 3));
    const counted = new TestRun(
      plan({ c: {}, a: {}, all: gathers("count") }, ["c.out => all.count", "a.out -> all.item"]),
    );
    const leased = counted.lease();
    counted.yields(leased.a ?? "", ...outs(1, 2, 3));
    return [run, counted];
  };

  it("[GA1] [LC3] is the same from its log, and from a snapshot goes on as it would have", () => {
    for (const run of states()) {
      const again = initialState(run.state.plan, run.state.createdAt);
      evolveBatch(again, { first_seq: 1, at: run.now, events: run.log });
      expect(canonicalState(again)).toEqual(canonicalState(run.state));
      const snapshot = JSON.parse(JSON.stringify(takeSnapshot(run.state))) as Snapshot;
      expect(canonicalState(restoreSnapshot(run.state.plan, snapshot))).toEqual(canonicalState(run.state));
    }
  });
});
