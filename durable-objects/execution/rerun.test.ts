import { describe, expect, it } from "vitest";
import type { Plan } from "#graph/plan/plan.ts";
import { gathers, plan } from "./core/plan.testkit.ts";
import { History } from "./history.ts";
import { nodeDetail } from "./node-detail.ts";
import type { ForkPoint, NodeExecutionDetail, Outcome, Rerun } from "./protocol.ts";
import { rerunOf } from "./rerun.ts";
import { Run } from "./run.ts";
import { MemoryExecutionStore } from "./store-memory.ts";

const ENV = { now: 1_000, random: () => 0.5, leaseMs: 1_000 };

class Played {
  readonly store = new MemoryExecutionStore();
  readonly run: Run;

  constructor(of: Plan) {
    const header = { execution_id: "x", workspace_id: "w", source: "test", created_at: 1, plan: of };
    [this.run] = Run.create(this.store, header, { input: { type: "start", inputs: {} }, env: ENV });
  }

  /** Leases all there is; those of nodes named are completed with these outputs, the others failed or left. */
  turn(outcomes: Record<string, [string, string | number][] | "fail" | "retry">): void {
    const { state } = this.run;
    for (const { id, node, attempt } of this.run.apply({ type: "lease", pool: "io", max: 100 }, ENV).leased) {
      const outcome = outcomes[state.plan.nodes[node]?.id ?? ""];
      if (outcome === undefined) {
        continue;
      }
      const base = { durationMs: 1, usage: undefined };
      const error = { code: "boom", message: "it broke" };
      const end =
        typeof outcome === "string"
          ? ({ ...base, status: "failed", error, retryable: true, retryAfterMs: undefined } as const)
          : ({ ...base, status: "completed" } as const);
      const outputs = typeof outcome === "string" ? [] : outcome;
      this.run.apply(
        {
          type: "report",
          reports: [{ node_execution_id: id, attempt, firstOutput: 0, outputs, end }],
          pool: null,
          max: 0,
        },
        ENV,
      );
    }
  }

  rerun(fork: ForkPoint | null): Outcome<Rerun> {
    return rerunOf(
      { header: this.run.header, state: this.run.state, history: new History(this.store, this.run.state.plan, "x") },
      fork,
    );
  }

  memo(fork: ForkPoint | null): string[] {
    const outcome = this.rerun(fork);
    return outcome.ok ? outcome.value.reuse.memo.map(({ node_id, key }) => `${node_id} ${key}`) : [outcome.code];
  }

  detail(ne: string): NodeExecutionDetail {
    const detail = nodeDetail(this.run.state, new History(this.store, this.run.state.plan, "x"), ne);
    if (detail === undefined) {
      throw new Error(`there is no ${ne}`);
    }
    return detail;
  }
}

/** a fans out to b and, aside, to d; c follows b. */
const tree = plan({ a: {}, b: {}, c: {}, d: {} }, ["a.out -> b.x", "b.out -> c.x", "a.out -> d.x"]);

describe("what a new run takes over", () => {
  it("[RU6] is refused to a retry while the run goes on, not to a fork", () => {
    const played = new Played(tree);
    expect(played.rerun(null)).toMatchObject({ ok: false, code: "execution_not_ended" });
    played.turn({ a: [["out", 1]] });
    expect(played.memo({ node_execution_id: "n2", inputs: {} })).toEqual(["a {}"]);
    played.run.apply({ type: "cancel", reason: "" }, ENV);
    expect(played.memo(null)).toEqual(["a {}"]);
  });

  it("[RU6] is refused when it is too much", () => {
    const played = new Played(plan({ a: {} }, []));
    played.turn({ a: Array.from({ length: 25 }, () => ["out", "x".repeat(1_000_000)]) });
    expect(played.rerun(null)).toMatchObject({ ok: false, code: "too_much_to_reuse" });
  });

  it("[RU5] leaves out what failed and what plans give by themselves", () => {
    const played = new Played({
      ...tree,
      nodes: tree.nodes.map((node) => (node.id === "a" ? { ...node, pinned: { out: [1] } } : node)),
    });
    played.turn({ b: "fail", d: [] });
    expect(played.run.state.status).toBe("FAILED");
    expect(played.memo(null)).toEqual(['d {"x":1}']);
  });

  it("[FK1] leaves out the forked execution and what follows from it", () => {
    const played = new Played(tree);
    played.turn({
      a: [
        ["out", 1],
        ["out", 2],
      ],
    });
    played.turn({ b: [["out", 5]], d: [] });
    played.turn({ c: [] });
    expect(played.run.state.status).toBe("COMPLETED");
    expect(played.memo(null)).toHaveLength(7);
    // n2 is the first execution of b, n4 the second; the executions of c come later.
    expect(played.memo({ node_execution_id: "n2", inputs: { x: 7 } })).toEqual([
      "a {}",
      'd {"x":1}',
      'b {"x":2}',
      'd {"x":2}',
    ]);
    const second = played.rerun({ node_execution_id: "n4", inputs: { x: 7 } });
    expect(second).toMatchObject({
      ok: true,
      value: { reuse: { override: { node_id: "b", ordinal: 1, inputs: { x: 7 } } } },
    });
    expect(played.memo({ node_execution_id: "n1", inputs: {} })).toEqual([]);
  });

  it("[LS8] [FK2] has the effects that the block declares when another value is laid over the pin that they came from", () => {
    const refined = { pin: "method", otherwise: "once" } as const;
    const request = { effects: "idempotent", refined, input_default: { method: "GET" } } as const;
    const played = new Played(plan({ a: request, b: request }, []));
    const effects = (inputs: ForkPoint["inputs"]): unknown => {
      const rerun = played.rerun({ node_execution_id: "n1", inputs });
      return rerun.ok ? rerun.value.plan.nodes.map((node) => node.effects) : rerun;
    };
    expect(effects({ url: "https://b.test/" })).toEqual(["idempotent", "idempotent"]);
    expect(effects({ method: "POST" })).toEqual(["once", "idempotent"]);
    expect(effects({ "method_#_x": 1 })).toEqual(["once", "idempotent"]);
  });

  it("[FK3] is refused for node executions that are not there or never had their inputs", () => {
    const joined = plan({ a: {}, b: {}, j: {} }, ["a.out -> j.x", "b.out -> j.y"]);
    const played = new Played(joined);
    played.turn({ a: [["out", 1]] });
    const [incomplete] = [...played.run.state.executions.values()].filter(({ status }) => status === "INCOMPLETE");
    expect(played.memo({ node_execution_id: incomplete?.id ?? "", inputs: {} })).toEqual(["node_not_queued"]);
    for (const id of ["n99", "n0", "x", "__proto__", "n1.5", `n${"9".repeat(30)}`]) {
      expect(played.memo({ node_execution_id: id, inputs: {} })).toEqual(["not_found"]);
    }
  });
});

describe("one node execution", () => {
  it("[ND1] tells its attempts, how each ended, and where its input came from", () => {
    const retry = { max_attempts: 2, backoff_ms: 0, max_backoff_ms: 0 };
    const played = new Played(plan({ a: {}, b: { retry } }, ["a.out -> b.x"]));
    played.turn({ a: [["out", 1]] });
    played.turn({ b: "retry" });
    expect(played.detail("n2")).toMatchObject({ status: "QUEUED", explanation: { code: "ready" } });
    played.turn({ b: "fail" });
    const detail = played.detail("n2");
    expect(detail.attempts.map(({ attempt, outcome, error }) => [attempt, outcome, error?.code])).toEqual([
      [1, "retrying", "boom"],
      [2, "failed", "boom"],
    ]);
    expect(detail.causes).toEqual([
      { pin: "x", node_execution_id: "n1", node_id: "a", source_name: "out", at: "1970-01-01T00:00:01.000Z" },
    ]);
    expect(detail).toMatchObject({ status: "FAILED", attempt: 2, input: { x: 1 }, explanation: { code: "failed" } });
  });

  it("[ND1] [GA1] tells what a node that gathers has, and where each value came from", () => {
    const played = new Played(
      plan({ a: {}, b: {}, all: gathers("end"), c: {} }, ["a.out -> all.item", "b.out -> all.item", "all.list -> c.x"]),
    );
    played.turn({
      a: [
        ["out", 1],
        ["out", 2],
      ],
    });
    expect(played.detail("n3")).toMatchObject({
      status: "INCOMPLETE",
      input: { item: [1, 2] },
      missing_pins: [],
      explanation: { code: "gathering", message: "It has gathered 2 values, and runs when nothing before it is left." },
    });
    played.run.apply({ type: "tick" }, { ...ENV, now: 3_000 });
    played.turn({ b: [["out", 3]] });
    const detail = played.detail("n3");
    expect(detail).toMatchObject({ status: "QUEUED", input: { item: [1, 2, 3] } });
    expect(detail.causes.map(({ pin, node_id, source_name }) => [pin, node_id, source_name])).toEqual([
      ["item", "a", "out"],
      ["item", "a", "out"],
      ["item", "b", "out"],
    ]);
    played.turn({ all: [["list", 3]] });
    expect(played.detail("n3").explanation.message).toBe(
      "It ran because it had gathered its values, and it completed.",
    );
    played.turn({ c: [] });
    expect(played.memo(null)).toEqual(["a {}", "b {}", 'all {"item":[1,2,3]}', 'c {"x":3}']);
    const { store } = played;
    const events = new History(store, played.run.state.plan, "x").events(0, 1_000);
    expect(events.filter(({ type }) => type === "node_input")).toMatchObject([
      { pin: "item", value: 1, gathered: true },
      { pin: "item", value: 2, gathered: true },
      { pin: "item", value: 3, gathered: true },
    ]);
    const queued = events.filter((event) => event.type === "node_queued" && event.node_id === "all");
    expect(queued).toMatchObject([{ input: { item: [1, 2, 3] } }]);
    expect(queued[0]).not.toHaveProperty("gathered");
  });

  it("[ND1] tells which pins it still lacks", () => {
    const played = new Played(plan({ a: {}, b: {}, j: {} }, ["a.out -> j.x", "b.out -> j.y"]));
    played.turn({ a: [["out", 1]] });
    expect(played.detail("n3")).toMatchObject({
      status: "INCOMPLETE",
      input: { x: 1 },
      missing_pins: ["y"],
      explanation: { code: "lacks_inputs" },
    });
  });

  it("[ND1] tells that it was not run", () => {
    const played = new Played(plan({ a: { pinned: { out: [1] } } }, []));
    expect(played.detail("n1")).toMatchObject({
      reused: "pinned",
      output: { out: [1] },
      explanation: { code: "reused" },
    });
  });

  it("[ND1] tells what it waits for", () => {
    const played = new Played(plan({ a: {} }, []));
    const [leased] = played.run.apply({ type: "lease", pool: "io", max: 1 }, ENV).leased;
    const wait = { kind: "review", until: null, state: null, payload: null } as const;
    const end = { status: "waiting", durationMs: 1, usage: undefined, wait } as const;
    const report = { node_execution_id: leased?.id ?? "", attempt: 1, firstOutput: 0, outputs: [], end };
    played.run.apply({ type: "report", reports: [report], pool: null, max: 0 }, ENV);
    expect(played.detail("n1")).toMatchObject({ status: "REVIEW", explanation: { code: "waits_for_person" } });
    played.run.apply({ type: "cancel", reason: "" }, ENV);
    expect(played.detail("n1")).toMatchObject({ status: "TERMINATED", explanation: { code: "stopped" } });
  });
});
