import type { GraphOutline, Quantiles, RunEstimate } from "../protocol.ts";
import { Figures } from "./figures.ts";
import type { LogSketch } from "./log-sketch.ts";

/** Runs that are made up; more do not change the figures by more than they are off anyway (5 %). */
const DRAWS = 400;
/** Runs without which there are no quantiles to speak of. */
const LEAST_DRAWS = 20;
/** Nodes and links over all draws, so that a graph of thousands does not hold up its workspace. */
const MOST_DRAWN = 100_000;
/** A block's quantiles are looked up in a table of so many. */
const STEPS = 64;
const NO_FIGURES = new Figures();

/**
 * What a run of an agent that never ran should take, from what its blocks took in other agents: runs are made up in which each node runs once and takes what its block took in
 * one execution or another, and the longest way through the graph is the run's time. Waits, sub-agents, loops and lists are not in it. Null when a block that
 * reaches the outside has never run: a guess without it would be none. The same for the same figures.
 */
export function estimateFromBlocks(
  { nodes }: GraphOutline,
  figuresOf: (blockId: string) => Figures,
  random: () => number = lcg(),
): RunEstimate | null {
  const known = nodes.map(({ block_id }) => (block_id === null ? NO_FIGURES : figuresOf(block_id)));
  const observed = known.filter(({ n }) => n > 0);
  if (observed.length === 0 || known.some(({ n }, index) => n === 0 && nodes[index]?.pure !== true)) {
    return null;
  }
  const order = forwards(nodes);
  const tables = new Map([...new Set(observed)].map((figures) => [figures, tableOf(figures)]));
  const runs = { duration: [] as number[], tokens: [] as number[], cost: [] as number[] };
  const links = order.reduce((sum, { next }) => sum + next.length, 0);
  const draws = Math.max(LEAST_DRAWS, Math.min(DRAWS, Math.floor(MOST_DRAWN / (nodes.length + links))));
  for (let draw = 0; draw < draws; draw += 1) {
    const ends = nodes.map(() => 0);
    const sum = { duration: 0, tokens: 0, cost: 0 };
    for (const { node, next } of order) {
      const table = tables.get(known[node] as Figures);
      const at = Math.floor(random() * STEPS);
      const end = (ends[node] ?? 0) + (table?.duration[at] ?? 0);
      sum.duration = Math.max(sum.duration, end);
      sum.tokens += table?.tokens[at] ?? 0;
      sum.cost += table?.cost[at] ?? 0;
      for (const sink of next) {
        ends[sink] = Math.max(ends[sink] ?? 0, end);
      }
    }
    runs.duration.push(sum.duration);
    runs.tokens.push(sum.tokens);
    runs.cost.push(sum.cost);
  }
  return {
    sample_size: Math.min(...observed.map(({ n }) => n)),
    basis: "blocks",
    duration_ms: quantilesOf(runs.duration),
    tokens: quantilesOf(runs.tokens),
    cost_usd: observed.some(({ cost }) => cost.weight > 0) ? quantilesOf(runs.cost) : null,
    size: null,
    memory_class: null,
  };
}

interface Step {
  node: number;
  /** Each once, by however many links. */
  next: number[];
}

/** The nodes in an order in which each comes after those before it; links that lead back, as in loops, are left out. */
function forwards(nodes: GraphOutline["nodes"]): Step[] {
  const state = nodes.map(() => "new" as "new" | "open" | "done");
  const sinks = nodes.map(({ next }) => [...new Set(next)]);
  const done: Step[] = [];
  for (const start of nodes.keys()) {
    const path = state[start] === "new" ? [{ node: start, at: 0, next: [] as number[] }] : [];
    while (path.length > 0) {
      const step = path.at(-1) as (typeof path)[number];
      state[step.node] = "open";
      const sink = sinks[step.node]?.[step.at];
      step.at += 1;
      if (sink === undefined) {
        state[step.node] = "done";
        done.push({ node: step.node, next: step.next });
        path.pop();
      } else if (state[sink] !== "open" && nodes[sink] !== undefined) {
        step.next.push(sink);
        if (state[sink] === "new") {
          path.push({ node: sink, at: 0, next: [] });
        }
      }
    }
  }
  return done.reverse();
}

interface Table {
  duration: number[];
  tokens: number[];
  cost: number[];
}

function tableOf({ duration, tokens, cost }: Figures): Table {
  const table = (sketch: LogSketch): number[] =>
    Array.from({ length: STEPS }, (_, step) => sketch.quantile((step + 0.5) / STEPS));
  return { duration: table(duration), tokens: table(tokens), cost: table(cost) };
}

function quantilesOf(values: number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

/** Even numbers from 0 to 1, always the same ones (constants of Numerical Recipes). */
function lcg(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
