import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SEED } from "../model/graph-generators.testkit.ts";
import type { ExecutionEvent, RunStats } from "./event.ts";
import { foldEvent, foldEvents, RunViewBuilder } from "./fold-events.ts";
import { emptyRunView, KEPT_EXECUTIONS, KEPT_VALUES, type RunView, type ViewLink } from "./run-view.ts";

type Body = ExecutionEvent extends infer E ? (E extends ExecutionEvent ? Omit<E, "seq" | "at"> : never) : never;

function number(bodies: Body[], first = 1): ExecutionEvent[] {
  return bodies.map((body, index) => ({ ...body, seq: first + index, at: `t${first + index}` }) as ExecutionEvent);
}

const STATS: RunStats = {
  duration_ms: 9,
  node_time_ms: 5,
  node_execution_count: 1,
  node_error_count: 0,
  input_tokens: 0,
  output_tokens: 0,
};
const ref = (node: string, execution = `${node}-1`): { node_id: string; node_execution_id: string } => ({
  node_id: node,
  node_execution_id: execution,
});
const LINKS: ViewLink[] = [
  { id: "l1", source_id: "a", source_name: "result", sink_id: "b", sink_name: "value" },
  { id: "l2", source_id: "a", source_name: "result_#_x", sink_id: "b", sink_name: "value" },
  { id: "l3", source_id: "a", source_name: "error", sink_id: "b", sink_name: "value" },
  { id: "l4", source_id: "b", source_name: "result", sink_id: "a", sink_name: "value" },
  { id: "l5", source_id: "a", source_name: "tools", sink_id: "b", sink_name: "q" },
];
const RUN: ExecutionEvent[] = number([
  { type: "execution_started", graph_id: "g", graph_version: 2, inputs: { q: 1 } },
  { type: "execution_running" },
  { type: "node_queued", ...ref("a"), input: { value: 1 } },
  { type: "node_started", ...ref("a"), attempt: 1 },
  { type: "node_output", ...ref("a"), pin: "result", value: { x: 1 } },
  { type: "node_output", ...ref("a"), pin: "result", value: 2 },
  { type: "node_output", ...ref("a"), pin: "tools_^_b_~_q", value: 3 },
  { type: "node_completed", ...ref("a"), duration_ms: 4 },
  { type: "node_input", ...ref("b"), pin: "value", value: 2 },
  { type: "node_queued", ...ref("b"), input: { value: 2, other: 3 } },
  { type: "execution_output", ...ref("b"), name: "answer", value: 2 },
  { type: "node_started", ...ref("b"), attempt: 1 },
  { type: "node_retrying", ...ref("b"), attempt: 1, error: { code: "e", message: "m" }, retry_at: "later" },
  { type: "node_started", ...ref("b"), attempt: 2 },
  { type: "node_failed", ...ref("b"), error: { code: "e2", message: "m2" }, handled: true, duration_ms: 1 },
  { type: "execution_failed", error: { code: "node_failed", message: "b" }, stats: STATS },
]);

describe("foldEvents", () => {
  it("shows what a pin has gathered so far, the last of many, then all of it", () => {
    const got = (count: number): Body[] =>
      Array.from({ length: count }, (_, value) => ({
        type: "node_input",
        ...ref("a"),
        pin: "item",
        value,
        gathered: true,
      }));
    const builder = new RunViewBuilder();
    number(got(2)).forEach((event) => builder.add(event));
    const early = builder.snapshot();
    number(got(KEPT_VALUES), 3).forEach((event) => builder.add(event));
    const item = builder.snapshot().nodes.get("a")?.recent[0]?.input.item;
    expect(item).toEqual(Array.from({ length: KEPT_VALUES }, (_, value) => value));
    expect(early.nodes.get("a")?.recent[0]?.input).toEqual({ item: [0, 1] });
    const [queued] = number([{ type: "node_queued", ...ref("a"), input: { item: [7, 8] } }], 200);
    expect(foldEvents(builder.snapshot(), queued === undefined ? [] : [queued]).nodes.get("a")?.last_input).toEqual({
      item: [7, 8],
    });
  });

  it("tells the whole run", () => {
    const view = foldEvents(emptyRunView(), RUN, LINKS);
    expect(view).toMatchObject({
      status: "FAILED",
      graph_id: "g",
      graph_version: 2,
      inputs: { q: 1 },
      outputs: { answer: [2] },
      error: { code: "node_failed" },
      stats: STATS,
      created_at: "t1",
      ended_at: "t16",
      last_seq: 16,
      missed: 0,
    });
    expect(view.nodes.get("a")).toMatchObject({
      status: "COMPLETED",
      executions: 1,
      counts: { COMPLETED: 1, QUEUED: 0, RUNNING: 0 },
      last_input: { value: 1 },
      last_outputs: { result: [{ x: 1 }, 2], "tools_^_b_~_q": [3] },
      output_counts: { result: 2, "tools_^_b_~_q": 1 },
      duration_ms: 4,
      error: null,
    });
    expect(view.nodes.get("b")).toMatchObject({
      status: "FAILED",
      error: { code: "e2" },
      counts: { FAILED: 1, INCOMPLETE: 0 },
    });
    expect(view.nodes.get("b")?.recent).toEqual([
      {
        node_execution_id: "b-1",
        status: "FAILED",
        attempt: 2,
        input: { value: 2, other: 3 },
        outputs: {},
        error: { code: "e2", message: "m2" },
        handled: true,
        queued_at: "t10",
        started_at: "t12",
        ended_at: "t15",
        duration_ms: 1,
        usage: null,
        reused: null,
        retry_at: null,
        waiting: null,
      },
    ]);
    expect([...view.edges]).toEqual([
      ["l1", { count: 2, last_seq: 6 }],
      ["l2", { count: 1, last_seq: 5 }],
      ["l5", { count: 1, last_seq: 7 }],
    ]);
  });

  it("sums up what the attempts of a node used, and nothing of what was not run", () => {
    const error = { code: "c", message: "m" };
    const usage = { input_tokens: 10, calls: 1, cost_usd: 0.1 };
    const view = foldEvents(
      emptyRunView(),
      number([
        { type: "node_queued", ...ref("n", "1"), input: {} },
        { type: "node_started", ...ref("n", "1"), attempt: 1 },
        { type: "node_retrying", ...ref("n", "1"), attempt: 1, error, retry_at: "t", usage },
        { type: "node_started", ...ref("n", "1"), attempt: 2 },
        { type: "node_completed", ...ref("n", "1"), duration_ms: 1, usage: { ...usage, cost_usd: 0.2 } },
        { type: "node_queued", ...ref("n", "2"), input: {} },
        { type: "node_started", ...ref("n", "2"), attempt: 1 },
        { type: "node_completed", ...ref("n", "2"), duration_ms: 0, usage, reused: "memo" },
        { type: "node_queued", ...ref("n", "3"), input: {} },
        { type: "node_started", ...ref("n", "3"), attempt: 1 },
        { type: "node_failed", ...ref("n", "3"), error, handled: false, duration_ms: 1, usage: { calls: 1 } },
      ]),
    );
    const node = view.nodes.get("n");
    expect(node?.recent.map((execution) => execution.usage)).toEqual([
      { input_tokens: 20, calls: 2, cost_usd: 0.3 },
      null,
      { calls: 1 },
    ]);
    expect(node?.usage).toEqual({ input_tokens: 20, calls: 3, cost_usd: 0.3 });
  });

  it("follows the status of a node through its executions", () => {
    const statuses: (string | undefined)[] = [];
    let view = emptyRunView();
    for (const event of number([
      { type: "node_input", ...ref("n", "1"), pin: "a", value: 1 },
      { type: "node_queued", ...ref("n", "1"), input: {} },
      { type: "node_queued", ...ref("n", "2"), input: {} },
      { type: "node_started", ...ref("n", "2"), attempt: 1 },
      { type: "node_completed", ...ref("n", "2"), duration_ms: 1 },
      { type: "node_terminated", ...ref("n", "1") },
      { type: "node_input", ...ref("n", "3"), pin: "a", value: 1 },
      { type: "node_queued", ...ref("n", "3"), input: {} },
    ])) {
      view = foldEvent(view, event);
      statuses.push(view.nodes.get("n")?.status);
    }
    expect(statuses).toEqual([
      "INCOMPLETE",
      "QUEUED",
      "QUEUED",
      "RUNNING",
      "QUEUED",
      "TERMINATED",
      "TERMINATED",
      "QUEUED",
    ]);
    expect([...(view.nodes.get("n")?.active ?? [])]).toEqual([["3", "QUEUED"]]);
  });

  it("forgets an old error once the node completes, and tells why a run was stopped", () => {
    const view = foldEvents(
      emptyRunView(),
      number([
        { type: "node_failed", ...ref("n", "1"), error: { code: "e", message: "m" }, handled: false, duration_ms: 1 },
        { type: "node_completed", ...ref("n", "2"), duration_ms: 1 },
        { type: "execution_terminated", reason: "cancelled", stats: STATS },
      ]),
    );
    expect(view.nodes.get("n")?.error).toBeNull();
    expect(view).toMatchObject({ status: "TERMINATED", reason: "cancelled", error: null });
    expect(foldEvents(emptyRunView(), number([{ type: "execution_completed", stats: STATS }])).status).toBe(
      "COMPLETED",
    );
  });

  it("counts each event once and notices gaps", () => {
    const once = foldEvents(emptyRunView(), RUN, LINKS);
    expect(foldEvents(once, RUN, LINKS)).toBe(once);
    expect(foldEvents(emptyRunView(), [...RUN, ...RUN, ...RUN.slice(4)], LINKS)).toEqual(once);
    expect(
      foldEvents(
        emptyRunView(),
        RUN.filter((event) => event.seq !== 5 && event.seq !== 6),
      ).missed,
    ).toBe(2);
  });

  it("never changes a view that it was given, and shares what an event leaves alone", () => {
    let view = emptyRunView();
    const seen: { view: RunView; copy: RunView }[] = [];
    for (const event of RUN) {
      const next = foldEvent(view, event, LINKS);
      expect(next).not.toBe(view);
      seen.push({ view: next, copy: structuredClone(next) });
      view = next;
    }
    for (const { view: kept, copy } of seen) {
      expect(kept).toEqual(copy);
    }
    const [before, after] = [seen.at(-3)?.view, seen.at(-2)?.view];
    expect(after?.nodes.get("a")).toBe(before?.nodes.get("a"));
    expect(after?.nodes.get("b")).not.toBe(before?.nodes.get("b"));
    expect(after?.outputs).toBe(before?.outputs);
  });

  it("gives the same view whatever the batches", () => {
    const whole = foldEvents(emptyRunView(), RUN, LINKS);
    fc.assert(
      fc.property(fc.array(fc.nat(RUN.length), { maxLength: 6 }), (cuts) => {
        const builder = new RunViewBuilder(LINKS);
        for (const event of RUN) {
          builder.add(event);
          if (cuts.includes(event.seq)) {
            builder.snapshot();
          }
        }
        expect(builder.snapshot()).toEqual(whole);
      }),
      { seed: SEED },
    );
  });

  it("keeps the last executions and the last values only, but counts all", () => {
    const bodies: Body[] = [];
    for (let index = 0; index < 50; index++) {
      bodies.push({ type: "node_queued", ...ref("n", `e${index}`), input: { index } });
    }
    for (let index = 0; index < KEPT_VALUES + 50; index++) {
      bodies.push({ type: "node_output", ...ref("n", "e0"), pin: "out", value: index });
    }
    const node = foldEvents(emptyRunView(), number(bodies)).nodes.get("n");
    expect(node?.recent.map((execution) => execution.node_execution_id)).toEqual(["e46", "e47", "e48", "e49", "e0"]);
    expect(node?.recent).toHaveLength(KEPT_EXECUTIONS);
    expect(node?.recent.at(-1)).toMatchObject({ status: "QUEUED" });
    expect(node?.last_outputs.out).toHaveLength(KEPT_VALUES);
    expect(node?.last_outputs.out?.at(-1)).toBe(KEPT_VALUES + 49);
    expect(node?.output_counts).toEqual({ out: KEPT_VALUES + 50 });
    expect(node?.counts.QUEUED).toBe(50);
    expect(node?.executions).toBe(50);
  });

  it("keeps names of JavaScript's own as data", () => {
    const view = foldEvents(
      emptyRunView(),
      number([
        { type: "execution_output", ...ref("__proto__"), name: "__proto__", value: 1 },
        { type: "node_output", ...ref("__proto__"), pin: "__proto__", value: 1 },
        { type: "node_output", ...ref("__proto__"), pin: "constructor", value: 1 },
        { type: "node_input", ...ref("__proto__"), pin: "__proto__", value: 1 },
      ]),
    );
    expect(Object.entries(view.outputs)).toEqual([["__proto__", [1]]]);
    expect(Object.entries(view.nodes.get("__proto__")?.output_counts ?? {})).toEqual([
      ["__proto__", 1],
      ["constructor", 1],
    ]);
    expect(Object.keys(view.nodes.get("__proto__")?.recent[0]?.input ?? {})).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)[0]).toBeUndefined();
  });

  it("folds 100,000 events over 2,000 nodes, and 100,000 of one node", () => {
    const wide = new RunViewBuilder();
    const narrow = new RunViewBuilder();
    for (let index = 0; index < 100_000; index++) {
      const at = { seq: index + 1, at: "t" };
      wide.add({ ...at, type: "node_queued", ...ref(`n${index % 2_000}`, `e${index}`), input: {} });
      narrow.add({ ...at, type: "node_output", ...ref("n", "e"), pin: "out", value: index });
      if (index % 1_000 === 0) {
        wide.snapshot();
        narrow.snapshot();
      }
    }
    expect(wide.snapshot().nodes.get("n1999")?.counts.QUEUED).toBe(50);
    expect(narrow.snapshot().nodes.get("n")?.output_counts.out).toBe(100_000);
  });
});
