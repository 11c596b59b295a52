import { describe, expect, it } from "vitest";
import type { GraphOutline } from "../protocol.ts";
import { estimateFromBlocks } from "./estimate-from-blocks.ts";
import { Figures } from "./figures.ts";

/** Figures of executions that took so many ms, and a tenth of it as tokens. */
function took(durations: number[], costUsd: number | null = null): Figures {
  const figures = new Figures();
  for (const durationMs of durations) {
    figures.add({ durationMs, busyMs: durationMs, tokens: durationMs / 10, costUsd, size: 10 });
  }
  return figures;
}

const node = (block_id: string | null, next: number[] = [], pure = false): GraphOutline["nodes"][number] => ({
  block_id,
  next,
  pure,
});

/** With those figures, none of any other block. */
const estimate = (nodes: GraphOutline["nodes"], figures: Record<string, Figures>, random?: () => number) =>
  estimateFromBlocks({ nodes }, (id) => figures[id] ?? new Figures(), random);

/** How many runs are made up for the estimate: each draws once for each node. */
function drawsOf(nodes: GraphOutline["nodes"]): number {
  let drawn = 0;
  estimate(nodes, { ask: took([10, 20, 30]) }, () => {
    drawn += 1;
    return 0.5;
  });
  return drawn / nodes.length;
}

const near = (value: number): unknown => expect.closeTo(value, -Math.log10(value * 0.12));

describe("[WP8] an estimate from blocks", () => {
  it("takes the longest way through the graph as its time, and the sum of all as its tokens", () => {
    const figures = { short: took([100, 100]), long: took([1_000, 1_000, 1_000]) };
    const nodes = [
      node("in", [1, 2], true),
      node("short", [3]),
      node("long", [3]),
      node("short", [4]),
      node("out", [], true),
    ];
    expect(estimate(nodes, figures)).toMatchObject({
      basis: "blocks",
      sample_size: 2,
      duration_ms: { p50: near(1_100), p90: near(1_100), p99: near(1_100) },
      tokens: { p50: near(120) },
      cost_usd: null,
    });
  });

  it("knows that seldom is all slow at once", () => {
    const figures = {
      ask: took([...Array.from({ length: 90 }, () => 100), ...Array.from({ length: 10 }, () => 10_000)], 0.01),
    };
    const nodes = [node("ask", [1]), node("ask", [2]), node("ask")];
    const { duration_ms, cost_usd } = estimate(nodes, figures) ?? {};
    expect(duration_ms?.p50).toEqual(near(300));
    expect(duration_ms?.p90).toEqual(near(10_200));
    expect(duration_ms?.p99).toBeLessThan(29_000);
    expect(cost_usd?.p50).toEqual(near(0.03));
  });

  it("goes through a loop once", () => {
    const nodes = [node("in", [1], true), node("ask", [2]), node("ask", [1, 3]), node("out", [], true)];
    expect(estimate(nodes, { ask: took([100]) })?.duration_ms?.p99).toEqual(near(200));
  });

  it("is none without figures of what reaches the outside, or of anything", () => {
    expect(estimate([node("ask", [1]), node("other")], { ask: took([100]) })).toBeNull();
    expect(estimate([node("in", [], true)], {})).toBeNull();
  });

  it("has nothing of nodes whose blocks say nothing of them, but goes through them", () => {
    const figures = { ask: took([100]), null: took([60_000]) };
    const nodes = [node("ask", [1]), node(null, [2], true), node("ask")];
    expect(estimate(nodes, figures)).toMatchObject({ sample_size: 1, duration_ms: { p99: near(200) } });
  });

  it("is the same each time", () => {
    const nodes = Array.from({ length: 50 }, (_, index) => node("ask", index < 49 ? [index + 1] : []));
    const figures = { ask: took([10, 20, 30]) };
    expect(estimate(nodes, figures)).toEqual(estimate(nodes, figures));
  });

  it("is made of fewer runs the more nodes and links the graph has, links between the same nodes being one", () => {
    const chain = (length: number): GraphOutline["nodes"] =>
      Array.from({ length }, (_, index) => node("ask", index < length - 1 ? [index + 1] : []));
    const dense = Array.from({ length: 300 }, (_, index) =>
      node(
        "ask",
        Array.from({ length: 299 - index }, (_none, after) => index + 1 + after),
      ),
    );
    const parallel = [
      node(
        "ask",
        Array.from({ length: 50_000 }, () => 1),
      ),
      node("ask"),
    ];
    expect([chain(100), chain(1_000), chain(10_000), dense, parallel].map(drawsOf)).toEqual([400, 50, 20, 20, 400]);
  });
});
