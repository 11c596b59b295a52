import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "#graph/canonical-json.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { isTerminal } from "#graph/run/status.ts";
import { effectiveInput } from "./core/effective-input.ts";
import { randomPlan } from "./core/random-plan.testkit.ts";
import type { Reuse } from "./core/reuse.ts";
import { History } from "./history.ts";
import type { Rerun } from "./protocol.ts";
import { rerunOf } from "./rerun.ts";
import { Run } from "./run.ts";
import { MemoryExecutionStore } from "./store-memory.ts";

const SEED = Number(process.env.WEFT_SEED ?? Date.now() % 1_000_000_007);
const RUNS = Number(process.env.WEFT_PROPERTY_RUNS ?? 400);

/** A block that gives the same for the same input. */
function outputsOf(node: number, input: JsonObject): [string, JsonValue][] {
  let hash = node + 7;
  for (const char of canonicalJson(input)) {
    hash = (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0;
  }
  const count = [1, 2, 1, 0, 3][hash % 5] ?? 1;
  return Array.from({ length: count }, (_, index) => [
    hash % 4 === index ? "other" : "out",
    index % 2 === 0 ? { k: hash % 97 } : hash % 89,
  ]);
}

interface Played {
  run: Run;
  history: History;
  /** Node and input of every execution that a consumer was given, each time. */
  ran: string[];
  /** Those of them that completed. */
  completed: string[];
}

/** Plays a run to its end. `choose` picks whose report comes next; `fails` says which executions fail. */
function play(
  plan: Plan,
  reuse: Reuse | undefined,
  chance: { choose: () => number; fails: (name: string) => boolean },
): Played {
  const store = new MemoryExecutionStore();
  const env = { now: 1_000, random: () => 0, leaseMs: 1_000 };
  const header = {
    execution_id: "x",
    workspace_id: "w",
    source: "test",
    created_at: 1_000,
    plan,
    ...(reuse === undefined ? {} : { reuse }),
  };
  let [run] = Run.create(store, header, { input: { type: "start", inputs: { in0: "given" } }, env });
  const [ran, completed]: string[][] = [[], []];
  const held: { id: string; attempt: number; name: string; outputs: [string, JsonValue][] }[] = [];
  for (let turn = 0; turn < 5_000 && !isTerminal(run.state.status); turn += 1) {
    if (chance.choose() < 0.1) {
      run = Run.load(store, env.now, () => env.leaseMs) ?? run;
    }
    for (const execution of run.apply({ type: "lease", pool: "io", max: 4 }, env).leased) {
      const input = effectiveInput(execution);
      const name = `${execution.node} ${canonicalJson(input)}`;
      ran?.push(name);
      held.push({ id: execution.id, attempt: execution.attempt, name, outputs: outputsOf(execution.node, input) });
    }
    const [next] = held.splice(Math.floor(chance.choose() * held.length), 1);
    if (next !== undefined) {
      const fails = chance.fails(next.name);
      const outputs = fails ? next.outputs.slice(0, 1) : next.outputs;
      const base = { durationMs: 1, usage: undefined };
      const end = fails
        ? ({
            ...base,
            status: "failed",
            error: { code: "test", message: "it failed" },
            retryable: false,
            retryAfterMs: undefined,
          } as const)
        : ({ ...base, status: "completed" } as const);
      if (!fails) {
        completed?.push(next.name);
      }
      const report = { node_execution_id: next.id, attempt: next.attempt, firstOutput: 0, outputs, end };
      run.apply({ type: "report", reports: [report], pool: null, max: 0 }, env);
    }
  }
  expect(isTerminal(run.state.status), "every run ends").toBe(true);
  return { run, history: new History(store, plan, "x"), ran: ran ?? [], completed: completed ?? [] };
}

/** Each pin fed by one link at most and no static ones: then what a node gets does not depend on who is faster. */
function settled(plan: Plan): Plan {
  const fed = new Set<string>();
  const nodes = plan.nodes.map(({ retry: _retry, ...node }) => ({
    ...node,
    static_pins: [],
    links: node.links
      .filter(
        ({ source_name, sink, sink_name }) =>
          source_name !== "error" && !fed.has(`${sink} ${sink_name}`) && fed.add(`${sink} ${sink_name}`),
      )
      .map((link) => ({ ...link, is_static: false })),
    error_linked: false,
  }));
  const linked = nodes.map((node, index) => ({
    ...node,
    linked_pins: node.linked_pins.filter((pin) => fed.has(`${index} ${pin}`)),
  }));
  const starts = linked.flatMap((node, index) =>
    node.linked_pins.length === 0 || node.ui_type === "Input" ? [index] : [],
  );
  return { ...plan, nodes: linked, starts };
}

function without(all: readonly string[], less: readonly string[]): string[] {
  const left = [...all];
  for (const name of less) {
    const index = left.indexOf(name);
    if (index >= 0) {
      left.splice(index, 1);
    }
  }
  return left.sort();
}

function reuseOf(played: Played): Rerun {
  const outcome = rerunOf({ header: played.run.header, state: played.run.state, history: played.history }, null);
  if (!outcome.ok) {
    throw new Error(outcome.message);
  }
  return outcome.value;
}

describe("retry", () => {
  it("[RU5] [RU3] [RU2] ends as a run in which nothing failed, and runs nothing again that had completed", () => {
    let retried = 0;
    fc.assert(
      fc.property(randomPlan.map(settled), fc.nat(1_000_000), fc.nat(9), (plan, seed, rate) => {
        let turn = seed;
        const choose = (): number => ((Math.imul((turn += 1), 2_654_435_761) >>> 0) % 1_000) / 1_000;
        const ideal = play(plan, undefined, { choose, fails: () => false });
        fc.pre(ideal.run.state.error === null);
        let before = play(plan, undefined, { choose, fails: () => choose() * 10 < rate });
        for (let tries = 0; tries < 3 && before.run.state.status === "FAILED"; tries += 1) {
          fc.pre(before.run.state.error?.code !== "step_limit");
          retried += 1;
          const { reuse, inputs } = reuseOf(before);
          expect(inputs).toEqual({ in0: "given" });
          const known = before.completed.length;
          const after = play(plan, reuse, { choose, fails: () => tries < 1 && choose() * 10 < rate });
          expect(known).toBeLessThanOrEqual(reuse.memo.length);
          if (after.run.state.status === "COMPLETED") {
            expect(Object.fromEntries(after.run.state.outputs)).toEqual(Object.fromEntries(ideal.run.state.outputs));
            const taken = reuse.memo.map(
              ({ node_id, key }) => `${plan.nodes.findIndex(({ id }) => id === node_id)} ${key}`,
            );
            expect([...after.ran].sort(), "[RU5] only what had not completed is run").toEqual(
              without(ideal.ran, taken),
            );
          }
          before = after;
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
    expect(retried, "failures were tried at all").toBeGreaterThan(RUNS / 10);
  }, 120_000);
});
