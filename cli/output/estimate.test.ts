import { describe, expect, it } from "vitest";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import { formatEstimate } from "./estimate.ts";

const estimate: EstimateView = {
  graph_id: "g",
  sample_size: 120,
  basis: "hour_of_week",
  duration_ms: { p50: 250, p90: 1_500, p99: 90_000 },
  tokens: { p50: 10, p90: 20, p99: 30 },
  cost_usd: { p50: 0.001, p90: 0.002, p99: 0.5 },
  size: { p50: 100, p90: 200, p99: 300 },
  memory_class: "small",
  queued_before: 3,
  outliers: [{ execution_id: "r", duration_ms: 400_000, p99_ms: 90_000, at: "2026-11-22T20:00:00.000Z" }],
};

describe("an estimate for people", () => {
  it("tells quantiles, the queue and what was unusually slow", () => {
    expect(formatEstimate(estimate).split("\n")).toEqual([
      "From 120 runs of this hour of the week",
      "          50 %       90 %       99 % TAKE NO MORE",
      "duration  250 ms     1.5 s      1 min 30 s",
      "tokens    10         20         30",
      "cost      $0.001000  $0.002000  $0.500000",
      "3 runs wait before one that is started now.",
      "",
      "Unusually slow",
      "RUN  TOOK        99 % TOOK NO MORE THAN  AT",
      "r    6 min 40 s  1 min 30 s              2026-11-22T20:00:00.000Z",
      "",
    ]);
  });

  it("says when it is taken from the blocks, not from runs of this agent", () => {
    const text = formatEstimate({ ...estimate, sample_size: 7, basis: "blocks", outliers: [] });
    expect(text).toContain(
      "From 7 executions of its blocks in other agents, each once, without waits and sub-agents\n",
    );
  });

  it("leaves out what nobody has counted", () => {
    const text = formatEstimate({ ...estimate, tokens: null, cost_usd: null, outliers: [], basis: "all" });
    expect(text).toContain("From 120 runs so far\n");
    expect(text).not.toMatch(/tokens|cost|slow/);
  });

  it("says so when nothing is known", () => {
    const nothing = { ...estimate, sample_size: 0, basis: "none" as const, duration_ms: null, queued_before: 0 };
    expect(formatEstimate(nothing)).toBe(
      "Nothing is known yet: no run of this agent has ended.\n0 runs wait before one that is started now.\n",
    );
  });
});
