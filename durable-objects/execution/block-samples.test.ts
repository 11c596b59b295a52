import { describe, expect, it } from "vitest";
import { BlockSamples } from "./block-samples.ts";
import type { LogEvent } from "./core/log-event.ts";
import { plan } from "./core/plan.testkit.ts";
import { markerOf } from "./core/stored-value.ts";

const of = plan({ a: { block_id: "x" }, b: { block_id: "y" } }, []);

function execution(
  ne: string,
  node: number,
  more: { duration?: number; value?: string; tokens?: number } = {},
): LogEvent[] {
  const usage = { input_tokens: more.tokens ?? 0, output_tokens: 1 };
  return [
    { type: "node_started", ne, node, attempt: 1 },
    { type: "node_output", ne, node, pin: "out", value: more.value ?? "12" },
    { type: "node_completed", ne, node, duration_ms: more.duration ?? 5, usage },
  ];
}

describe("samples of blocks", () => {
  it("have duration, size and tokens of the first five executions of each block", () => {
    const samples = new BlockSamples(of);
    for (let index = 0; index < 9; index += 1) {
      samples.follow(execution(`n${index}`, 0, { duration: index, value: "x".repeat(98), tokens: index }));
    }
    samples.follow(execution("m", 1));
    expect(samples.toRecord()).toEqual({
      x: [0, 1, 2, 3, 4].map((index) => [index, 100, index + 1, null]),
      y: [[5, 4, 1, null]],
    });
  });

  it("have what all attempts of an execution used and yielded, and its cost where one is known", () => {
    const samples = new BlockSamples(of);
    const error = { code: "c", message: "m" };
    const usage = { input_tokens: 10, output_tokens: 1, cost_usd: 0.1 };
    const wait = { kind: "timer" as const, until: 1, state: null, payload: null };
    samples.follow([
      { type: "node_started", ne: "n", node: 0, attempt: 1 },
      { type: "node_output", ne: "n", node: 0, pin: "out", value: "x".repeat(98) },
      { type: "node_retrying", ne: "n", node: 0, attempt: 1, error, retry_at: 0, lost: false, usage },
      { type: "node_started", ne: "n", node: 0, attempt: 2 },
      { type: "node_waiting", ne: "n", node: 0, wait, duration_ms: 1, usage: { calls: 1 } },
    ]);
    samples.follow([{ type: "node_started", ne: "n", node: 0, attempt: 3 }]);
    const last = { input_tokens: 20, cost_usd: 0.2 };
    samples.follow([{ type: "node_completed", ne: "n", node: 0, duration_ms: 7, usage: last }]);
    expect(samples.toRecord()).toEqual({ x: [[7, 100, 31, 0.3]] });
  });

  it("[WP8] leave out nodes that wait for another run: what they end with is that run's", () => {
    const samples = new BlockSamples(of);
    const wait = { kind: "child" as const, until: null, state: null, payload: null };
    samples.follow([
      { type: "node_started", ne: "n", node: 0, attempt: 1 },
      { type: "node_waiting", ne: "n", node: 0, wait, duration_ms: 1 },
    ]);
    const usage = { input_tokens: 1_000, output_tokens: 1, cost_usd: 2 };
    samples.follow([
      { type: "node_output", ne: "n", node: 0, pin: "out", value: "of the child" },
      { type: "node_completed", ne: "n", node: 0, duration_ms: 3_600_000, usage },
      ...execution("m", 1),
    ]);
    expect(samples.toRecord()).toEqual({ y: [[5, 4, 1, null]] });
  });

  it("come from completed executions only, over several commits", () => {
    const samples = new BlockSamples(of);
    const error = { code: "c", message: "m" };
    samples.follow([
      { type: "node_started", ne: "n1", node: 0, attempt: 1 },
      { type: "node_started", ne: "n2", node: 0, attempt: 1 },
    ]);
    samples.follow([{ type: "node_failed", ne: "n1", node: 0, error, handled: false, duration_ms: 3 }]);
    samples.follow([{ type: "node_completed", ne: "n2", node: 0, duration_ms: 7 }]);
    expect(samples.toRecord()).toEqual({ x: [[7, 0, 0, null]] });
  });

  it("measure values that are stored by themselves as large as they are", () => {
    const samples = new BlockSamples(of);
    const value = markerOf({ sha256: "0".repeat(64), size: 9_000_000, type: "string", preview: "x" });
    samples.follow([
      { type: "node_started", ne: "n", node: 0, attempt: 1 },
      { type: "node_output", ne: "n", node: 0, pin: "out", value: [value, value] },
      { type: "node_completed", ne: "n", node: 0, duration_ms: 1 },
    ]);
    expect(samples.toRecord().x?.[0]?.[1]).toBeGreaterThan(18_000_000);
  });

  it("measure large values by a part of them", () => {
    const samples = new BlockSamples(of);
    const value = Array.from({ length: 100_000 }, () => "x".repeat(10));
    samples.follow([
      { type: "node_started", ne: "n", node: 0, attempt: 1 },
      { type: "node_output", ne: "n", node: 0, pin: "out", value },
      { type: "node_completed", ne: "n", node: 0, duration_ms: 1 },
    ]);
    const size = samples.toRecord().x?.[0]?.[1] ?? 0;
    expect(Math.abs(size / JSON.stringify(value).length - 1)).toBeLessThan(0.05);
  });
});
