import { describe, expect, it } from "vitest";
import { canonicalState } from "./core/canonical-state.testkit.ts";
import { evolveBatch } from "./core/evolve.ts";
import type { LogBatch, LogEvent } from "./core/log-event.ts";
import { initialState } from "./core/state.ts";
import { Draft } from "./draft.ts";
import { Run } from "./run.ts";
import { MemoryExecutionStore } from "./store-memory.ts";
import { executionView } from "./view.ts";
import type { RunHeader } from "./store.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";

function node(id: string, more: Partial<PlanNode>): PlanNode {
  return {
    id,
    block_id: "b",
    ui_type: "Standard",
    effects: "pure",
    pool: "io",
    timeout_ms: 1_000,
    input_default: {},
    linked_pins: [],
    static_pins: [],
    links: [],
    error_linked: false,
    ...more,
  };
}

const link = (sink: number) => ({ source_name: "out", sink, sink_name: "in", is_static: false });

/** a → b → c; `third` says what c is. */
function header(third: Partial<PlanNode> = {}): RunHeader {
  const plan: Plan = {
    graph_id: "g",
    graph_version: 1,
    graph_name: "chain",
    nodes: [
      node("a", { links: [link(1)] }),
      node("b", { linked_pins: ["in"], links: [link(2)] }),
      node("c", { linked_pins: ["in"], ...third }),
    ],
    starts: [0],
    required_inputs: [],
    step_limit: 100,
  };
  return { execution_id: "x", workspace_id: "w", source: "test", created_at: 1_000, plan };
}

/** Runs what is pure, `ms` for each node. */
function draftOf(given: RunHeader, ms: number): Draft {
  const draft = new Draft(given, { hello: "you" });
  for (let now = given.created_at + ms; ; now += ms) {
    const execution = draft.nextPure();
    if (execution === undefined) {
      return draft;
    }
    draft.report(
      {
        node_execution_id: execution.id,
        attempt: 1,
        firstOutput: 0,
        outputs: [["out", now]],
        end: { status: "completed", durationMs: ms, usage: undefined },
      },
      now,
    );
  }
}

describe("a run before it has an object", () => {
  it("[ST3] has a log from which the same state comes", () => {
    for (const ms of [0, 1, 30]) {
      const draft = draftOf(header(), ms);
      const replayed = initialState(draft.header.plan, draft.header.created_at);
      for (const batch of JSON.parse(JSON.stringify(draft.batches)) as LogBatch[]) {
        evolveBatch(replayed, batch);
      }
      expect(executionView(draft.header, replayed)).toEqual(executionView(draft.header, draft.state));
      expect(draft.state).toMatchObject({
        status: "COMPLETED",
        endedAt: 1_000 + 3 * ms,
        stats: { duration_ms: 3 * ms },
      });
    }
  });

  it("[ST3] has one batch for what happens close together, and the end has its own time", () => {
    expect(draftOf(header(), 0).batches).toHaveLength(1);
    expect(draftOf(header(), 2).batches.map(({ at }) => at)).toEqual([1_000, 1_006]);
    expect(draftOf(header(), 30).batches.map(({ at }) => at)).toEqual([1_000, 1_030, 1_060, 1_090]);
  });

  it("[ST3] stops where work is not pure, and the object goes on from there", () => {
    const draft = draftOf(header({ effects: "once" }), 1);
    expect(draft.ended).toBe(false);
    const store = new MemoryExecutionStore();
    const begun = draft.toBegunRun(false);
    Run.adopt(store, begun);
    const [adopted, commit] = Run.ofAdopted(store, begun, { now: 2_000, leaseOf: () => 30_000 });
    expect(commit.events.map(({ type }) => type)).toEqual([
      "execution_started",
      "node_queued",
      "execution_running",
      "node_started",
      "node_output",
      "node_queued",
      "node_completed",
      "node_started",
      "node_output",
      "node_queued",
      "node_completed",
    ]);
    const run = Run.load(store, 2_000, () => 30_000);
    expect(run?.header).toEqual(adopted.header);
    expect(run && canonicalState(run.state)).toEqual(canonicalState(adopted.state));
    const env = { now: 2_000, random: () => 0, leaseMs: 30_000 };
    const { leased } = run?.apply({ type: "lease", pool: "io", max: 1 }, env) ?? { leased: [] };
    expect(leased.map(({ id, attempt }) => [id, attempt])).toEqual([["n3", 1]]);
  });

  it("[ST3] is stored all or nothing", () => {
    const begun = draftOf(header(), 1).toBegunRun(true);
    const store = new MemoryExecutionStore();
    const broken = { ...begun, batches: begun.batches.map((batch) => ({ ...batch, first_seq: batch.first_seq + 1 })) };
    expect(() => Run.adopt(store, broken)).toThrow("cannot follow event 0");
    expect(store.header()).toBeNull();
    Run.adopt(store, begun);
    expect(store.lastSeq()).toBe(begun.batches.at(-1)?.last_seq);
    const stored = [...store.batches(0)].flatMap(({ events }): LogEvent[] => events);
    expect(stored.at(-1)?.type).toBe("execution_completed");
  });
});
