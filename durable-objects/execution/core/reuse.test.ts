import { describe, expect, it } from "vitest";
import type { JsonObject } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { MemoryExecutionStore } from "../store-memory.ts";
import { Run } from "../run.ts";
import { syncFor } from "../sync.ts";
import { plan } from "./plan.testkit.ts";
import { canonicalState } from "./canonical-state.testkit.ts";
import { memoKey } from "./reuse.ts";
import type { MemoEntry, Reuse } from "./reuse.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import type { LogEvent } from "./log-event.ts";

const ENV = { now: 1_000, random: () => 0.5, leaseMs: 1_000 };

function entry(node_id: string, input: JsonObject, ...outputs: MemoEntry["outputs"]): MemoEntry {
  return { node_id, key: memoKey(input), outputs };
}

function begin(
  of: Plan,
  reuse?: Reuse,
  inputs: JsonObject = {},
): { run: Run; store: MemoryExecutionStore; log: () => LogEvent[] } {
  const store = new MemoryExecutionStore();
  const header = {
    execution_id: "x",
    workspace_id: "w",
    source: "test",
    created_at: 1,
    plan: of,
    ...(reuse === undefined ? {} : { reuse }),
  };
  const [run] = Run.create(store, header, { input: { type: "start", inputs }, env: ENV });
  return { run, store, log: () => [...store.batches(0)].flatMap(({ events }) => events) };
}

function lease(run: Run): { node: string | undefined; id: string; input: JsonObject }[] {
  const { leased } = run.apply({ type: "lease", pool: "io", max: 100 }, ENV);
  return leased.map(({ id, node, input, literals }) => ({
    node: run.state.plan.nodes[node]?.id,
    id,
    input: { ...Object.fromEntries([...input].map(([pin, { value }]) => [pin, value])), ...literals },
  }));
}

function complete(run: Run, ne: string, outputs: [string, number][]): void {
  const end = { status: "completed", durationMs: 7, usage: { input_tokens: 3 } } as const;
  const report = { node_execution_id: ne, attempt: 1, firstOutput: 0, outputs, end };
  run.apply({ type: "report", reports: [report], pool: null, max: 0 }, ENV);
}

const chain = plan({ a: {}, b: {}, c: {}, out: { ui_type: "Output", input_default: { name: "o" } } }, [
  "a.out -> b.x",
  "b.out -> c.x",
  "c.out -> out.value",
]);

describe("results at hand", () => {
  it("[RU1] [RU4] commits pinned outputs when the node is queued, without a lease, in no time", () => {
    const pinned = plan({ a: { pinned: { out: [1, 2] } }, b: {} }, ["a.out -> b.x"]);
    const { run, log } = begin(pinned);
    expect(log().map(({ type }) => type)).toEqual([
      "execution_started",
      "node_queued",
      "execution_running",
      "node_started",
      "node_output",
      "node_output",
      "node_completed",
      "node_queued",
      "node_queued",
    ]);
    expect(log().find(({ type }) => type === "node_completed")).toMatchObject({ duration_ms: 0, reused: "pinned" });
    expect(lease(run).map(({ node, input }) => [node, input])).toEqual([
      ["b", { x: 1 }],
      ["b", { x: 2 }],
    ]);
  });

  it("[RU1] runs to its end in the start when everything is at hand", () => {
    const memo = [
      entry("a", {}, ["out", 1]),
      entry("b", { x: 1 }, ["out", 2]),
      entry("c", { x: 2 }, ["out", 3]),
      entry("out", { value: 3 }),
    ];
    const { run } = begin(chain, { memo });
    expect(run.state.status).toBe("COMPLETED");
    expect(Object.fromEntries(run.state.outputs)).toEqual({ o: [3] });
    expect(run.state.stats).toMatchObject({ node_execution_count: 4, node_time_ms: 0, input_tokens: 0 });
  });

  it("[RU1] takes results at hand in a paused run too, and hands nothing out", () => {
    const { run } = begin(chain, { memo: [entry("b", { x: 1 }, ["out", 2])] });
    const [a] = lease(run);
    run.apply({ type: "pause" }, ENV);
    complete(run, a?.id ?? "", [["out", 1]]);
    expect(run.state.executions.size).toBe(1);
    expect(lease(run)).toEqual([]);
    run.apply({ type: "unpause" }, ENV);
    expect(lease(run).map(({ node }) => node)).toEqual(["c"]);
  });

  it("[RU2] holds them back behind an earlier execution of the node", () => {
    const fan = plan({ a: {}, b: {}, c: {} }, ["a.out -> b.x", "b.out -> c.x"]);
    const { run } = begin(fan, { memo: [entry("b", { x: 2 }, ["out", 20])] });
    const [a] = lease(run);
    complete(run, a?.id ?? "", [
      ["out", 1],
      ["out", 2],
    ]);
    const [first, ...others] = lease(run);
    expect([first?.input, others]).toEqual([{ x: 1 }, []]);
    complete(run, first?.id ?? "", [["out", 10]]);
    expect(lease(run).map(({ input }) => input)).toEqual([{ x: 10 }, { x: 20 }]);
  });

  it("[RU3] serves equal inputs in their order, each result once, whatever the order of keys", () => {
    const fan = plan(
      {
        a: {
          pinned: {
            out: [
              { p: 1, q: 2 },
              { q: 2, p: 1 },
              { p: 1, q: 2 },
            ],
          },
        },
        b: {},
        c: {},
      },
      ["a.out -> b.x", "b.out -> c.x"],
    );
    const memo = [
      entry("b", { x: { q: 2, p: 1 } }, ["out", "first"]),
      entry("b", { x: { p: 1, q: 2 } }, ["out", "second"]),
    ];
    const { run } = begin(fan, { memo });
    expect(lease(run).map(({ node, input }) => [node, input])).toEqual([
      ["b", { x: { p: 1, q: 2 } }],
      ["c", { x: "first" }],
      ["c", { x: "second" }],
    ]);
  });

  it("[RU3] knows after a reload, and from a snapshot, what it has given away", () => {
    const fan = plan({ a: {}, b: {} }, ["a.out -> b.x"]);
    const reuse = {
      memo: [entry("b", { x: 1 }, ["out", 1]), entry("b", { x: 1 }, ["out", 2])],
      override: { node_id: "b", ordinal: 2, inputs: { x: 9 } },
    };
    const { run, store } = begin(fan, reuse);
    const [a] = lease(run);
    const yields = {
      node_execution_id: a?.id ?? "",
      attempt: 1,
      firstOutput: 0,
      outputs: [["out", 1]] as [string, number][],
      end: undefined,
    };
    run.apply({ type: "report", reports: [yields], pool: null, max: 0 }, ENV);
    const loaded = Run.load(store, 1_000, () => 1_000) as Run;
    expect(loaded.state.reuse?.save()).toEqual({ taken: [0], seen: 1 });
    const snapshot = JSON.parse(JSON.stringify(takeSnapshot(run.state))) as ReturnType<typeof takeSnapshot>;
    const restored = restoreSnapshot(fan, snapshot, reuse);
    expect(restored.reuse?.save()).toEqual({ taken: [0], seen: 1 });
    expect(canonicalState(restored)).toEqual(canonicalState(loaded.state));
    expect(() => restoreSnapshot(fan, snapshot)).toThrow("started from another one");
    const more: [string, number][] = [
      ["out", 1],
      ["out", 1],
    ];
    run.apply({ type: "report", reports: [{ ...yields, firstOutput: 1, outputs: more }], pool: null, max: 0 }, ENV);
    expect(run.state.reuse?.save()).toEqual({ taken: [0, 1], seen: 3 });
    expect(lease(run).map(({ input }) => input)).toEqual([{ x: 9 }]);
  });

  it("[RU3] tells no consumer the state of a run that has results of another", () => {
    const request = { consumer: "c", pool: "io", max: 1, wants: "all" } as const;
    expect(syncFor(begin(chain).run.state, request)).not.toBeNull();
    expect(syncFor(begin(chain, { memo: [] }).run.state, request)).toBeNull();
  });
});

describe("fork", () => {
  it("[FK2] lays the inputs over the k-th execution of the node only, and does not take its result over", () => {
    const fan = plan({ a: { pinned: { out: [1, 1, 1] } }, b: {} }, ["a.out -> b.x"]);
    const memo = [entry("b", { x: 1 }), entry("b", { x: 1 }), entry("b", { x: 1 })];
    const { run, log } = begin(fan, { memo, override: { node_id: "b", ordinal: 1, inputs: { y: 5, x: 1 } } });
    expect(lease(run).map(({ node, input }) => [node, input])).toEqual([["b", { x: 1, y: 5 }]]);
    expect(log().filter((event) => event.type === "node_queued" && event.literals?.y !== undefined)).toHaveLength(1);
  });

  it("[FK2] leaves the static value that the overlaid pin got to later executions", () => {
    const joined = plan({ s: { pinned: { out: ["s"] } }, a: {}, b: {} }, ["s.out => b.config", "a.out -> b.x"]);
    const { run } = begin(joined, { memo: [], override: { node_id: "b", ordinal: 0, inputs: { config: "edited" } } });
    const [a] = lease(run);
    complete(run, a?.id ?? "", [
      ["out", 1],
      ["out", 2],
    ]);
    expect(lease(run).map(({ input }) => input)).toEqual([
      { x: 1, config: "edited" },
      { x: 2, config: "s" },
    ]);
  });

  it("[FK2] overlays the value of an output node, and the run's output follows", () => {
    const out = plan({ a: { pinned: { out: [1] } }, o: { ui_type: "Output", input_default: { name: "n" } } }, [
      "a.out -> o.value",
    ]);
    const { run } = begin(out, { memo: [], override: { node_id: "o", ordinal: 0, inputs: { value: 2 } } });
    expect(Object.fromEntries(run.state.outputs)).toEqual({ n: [2] });
  });

  it("keeps a pin called __proto__ an ordinary pin", () => {
    const inputs = JSON.parse('{"__proto__": {"polluted": true}}') as JsonObject;
    const { run } = begin(plan({ a: {} }, []), { memo: [], override: { node_id: "a", ordinal: 0, inputs } });
    const [execution] = run.state.executions.values();
    expect(Object.keys(execution?.literals ?? {})).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
