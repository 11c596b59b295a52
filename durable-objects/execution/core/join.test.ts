import { describe, expect, it } from "vitest";
import { plan, TestRun } from "./plan.testkit.ts";

describe("join", () => {
  it("[JN1] the k-th value of one pin meets the k-th of the other", () => {
    const run = new TestRun(plan({ a: {}, b: {}, sum: {} }, ["a.out -> sum.x", "b.out -> sum.y"]));
    const { a = "", b = "" } = run.lease();
    run.completes(a, ["out", 1], ["out", 2]);
    expect(run.inputsOf("sum")).toEqual([]);
    run.completes(b, ["out", 10], ["out", 20]);
    expect(run.inputsOf("sum")).toEqual([
      { x: 1, y: 10 },
      { x: 2, y: 20 },
    ]);
  });

  it("[JN1] two links into one pin queue up", () => {
    const run = new TestRun(plan({ a: {}, b: {}, sink: {} }, ["a.out -> sink.x", "b.out -> sink.x"]));
    const { a = "", b = "" } = run.lease();
    run.completes(b, ["out", "b"]);
    run.completes(a, ["out", "a"]);
    expect(run.inputsOf("sink")).toEqual([{ x: "b" }, { x: "a" }]);
  });

  it("[JN2] a pin is named exactly: two keys of one dynamic pin are two pins", () => {
    const run = new TestRun(plan({ a: {}, sink: {} }, ["a.out -> sink.values_#_x", "a.other -> sink.values_#_y"]));
    const { a = "" } = run.lease();
    run.yields(a, ["out", 1]);
    expect(run.inputsOf("sink")).toEqual([]);
    run.completes(a, ["other", 2]);
    expect(run.inputsOf("sink")).toEqual([{ "values_#_x": 1, "values_#_y": 2 }]);
  });

  it("[JN3] a static value is used again, and the last one wins", () => {
    const run = new TestRun(plan({ s: {}, a: {}, sink: {} }, ["s.out => sink.s", "a.out -> sink.x"]));
    const { s = "", a = "" } = run.lease();
    run.yields(s, ["out", "one"]);
    run.yields(a, ["out", 1], ["out", 2]);
    run.completes(s, ["out", "two"]);
    run.completes(a, ["out", 3], ["out", 4]);
    expect(run.inputsOf("sink")).toEqual([
      { s: "one", x: 1 },
      { s: "one", x: 2 },
      { s: "two", x: 3 },
      { s: "two", x: 4 },
    ]);
  });

  it("[JN6] a static value that comes late completes everything that waited for it, oldest first", () => {
    const run = new TestRun(plan({ s: {}, a: {}, sink: {} }, ["s.out => sink.s", "a.out -> sink.x"]));
    const { s = "", a = "" } = run.lease();
    run.completes(a, ["out", 1], ["out", 2], ["out", 3]);
    expect(run.inputsOf("sink")).toEqual([]);
    run.completes(s, ["out", "late"]);
    expect(run.inputsOf("sink").map(({ x }) => x)).toEqual([1, 2, 3]);
  });

  it("[JN6] completes with a value that another execution has had for long, though a newer one was queued since", () => {
    const links = ["x.out -> sink.x", "y.out => sink.y", "z.out => sink.z"];
    const run = new TestRun(plan({ x: {}, y: {}, z: {}, sink: {} }, links));
    const { x = "", y = "", z = "" } = run.lease();
    run.yields(x, ["out", 1]);
    run.yields(y, ["out", "first"]);
    run.yields(x, ["out", 2]);
    run.yields(y, ["out", "second"]);
    run.completes(x, ["out", 3]);
    run.completes(z, ["out", "late"]);
    expect(run.inputsOf("sink")).toEqual([
      { x: 1, y: "first", z: "late" },
      { x: 2, y: "second", z: "late" },
      { x: 3, y: "first", z: "late" },
    ]);
  });

  it("[JN4] null travels; a part travels when it is there", () => {
    const run = new TestRun(plan({ a: {}, whole: {}, part: {} }, ["a.out -> whole.x", "a.out_#_k -> part.x"]));
    const { a = "" } = run.lease();
    run.completes(a, ["out", null], ["out", { k: 5 }], ["out", { other: 1 }]);
    expect(run.inputsOf("whole")).toEqual([{ x: null }, { x: { k: 5 } }, { x: { other: 1 } }]);
    expect(run.inputsOf("part")).toHaveLength(1);
  });

  it("[JN5] [EN1] values without partners do not keep the run alive", () => {
    const run = new TestRun(plan({ a: {}, b: {}, sum: {} }, ["a.out -> sum.x", "b.out -> sum.y"]));
    const { a = "", b = "" } = run.lease();
    run.completes(a, ["out", 1]);
    run.completes(b);
    expect(run.state.status).toBe("COMPLETED");
  });

  it("[ST1] input nodes get the run's inputs, other starts nothing, and every start is queued in the graph's order", () => {
    const input = { ui_type: "Input" as const, input_default: { name: "n" } };
    const run = new TestRun(plan({ a: {}, n: input, m: { ...input, input_default: { name: "missing" } } }, []), {
      n: null,
    });
    const queued = run.log.filter((event) => event.type === "node_queued");
    expect(queued.map(({ node, literals }) => [node, literals])).toEqual([
      [0, {}],
      [1, { value: null }],
      [2, {}],
    ]);
  });

  it("[OU1] the raw value of an output node is the run's output, by name and in order", () => {
    const out = { ui_type: "Output" as const, input_default: { name: "result", format: "<{{result}}>" } };
    const run = new TestRun(plan({ a: {}, o: out }, ["a.out -> o.value"]));
    const { a = "" } = run.lease();
    run.completes(a, ["out", 1], ["out", { two: 2 }]);
    expect(Object.fromEntries(run.state.outputs)).toEqual({ result: [1, { two: 2 }] });
  });
});
