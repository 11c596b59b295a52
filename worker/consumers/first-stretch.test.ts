import { describe, expect, it } from "vitest";
import { blockRegistry } from "#blocks/registry.ts";
import { testBlock } from "#blocks/test-block.testkit.ts";
import { testContext } from "#blocks/test-context.testkit.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { compilePlan } from "#graph/plan/compile-plan.ts";
import type { PlanNode } from "#graph/plan/plan.ts";
import { agentFile, sleepingShape } from "#test/agent-file.ts";
import type { Clock } from "./clock.ts";
import { runFirstStretch } from "./first-stretch.ts";
import type { FirstStretchDeps } from "./first-stretch.ts";

const NOW = 1_000_000;

/** A clock of which `step` ms pass with each look. */
function clock(step = 0): Clock {
  let now = NOW;
  return { now: () => (now += step), after: () => () => undefined, every: () => () => undefined };
}

function header(file: object, change: Partial<PlanNode> = {}): RunHeader {
  const { catalog } = blockRegistry;
  const compiled = compilePlan(importGraph(file, catalog).graph, catalog);
  const plan = { ...compiled, nodes: compiled.nodes.map((node) => ({ ...node, ...change })) };
  return { execution_id: "e", workspace_id: "w", source: "test", created_at: NOW, plan };
}

const deps = (more: Partial<FirstStretchDeps>): FirstStretchDeps => ({
  getBlock: (id) => blockRegistry.get(id),
  context: () => testContext({}).ctx,
  clock: clock(),
  ...more,
});

describe("the first stretch of a run", () => {
  it("puts a node that waits for a time to sleep: nothing of it is left for a consumer", async () => {
    const draft = await runFirstStretch(header(agentFile("Sleeper", "", sleepingShape(600))), { word: "up" }, deps({}));
    const { state } = draft;
    expect([...state.waiting].map(({ wait }) => wait?.kind)).toEqual(["timer"]);
    expect([state.running.size, state.active, draft.nextPure()]).toEqual([0, 1, undefined]);
  });

  it("[RT4] ends when a node has had its time, instead of trying it again and again", async () => {
    let runs = 0;
    const failing = testBlock(async function* () {
      runs += 1;
      yield* [];
      throw new Error("not yet");
    });
    const limits = { total_timeout_ms: 5, retry: { max_attempts: 1_000, backoff_ms: 0, max_backoff_ms: 0 } };
    const given = header(agentFile("Tries", "", { nodes: { in: ["input", { name: "x" }] }, links: [] }), limits);
    await runFirstStretch(given, { x: 1 }, deps({ getBlock: () => failing, clock: clock(1) }));
    expect(runs).toBeGreaterThan(0);
    expect(runs).toBeLessThan(10);
  });
});
