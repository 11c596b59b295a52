import { describe, expect, it } from "vitest";
import type { LogEvent } from "./core/log-event.ts";
import { markerOf } from "./core/stored-value.ts";
import { RunSize } from "./run-size.ts";

const text = (length: number): string => "x".repeat(length - 2);
const queued = (
  ne: string,
  refs: number[],
  more: Partial<Extract<LogEvent, { type: "node_queued" }>> = {},
): LogEvent => ({
  type: "node_queued",
  ne,
  node: 0,
  refs: refs.map((ref) => ["in", ref]),
  ...more,
});
const yields = (ne: string, length: number): LogEvent => ({
  type: "node_output",
  ne,
  node: 0,
  pin: "out",
  value: text(length),
});
const done = (ne: string): LogEvent => ({ type: "node_completed", ne, node: 0, duration_ms: 1 });
const started: LogEvent = { type: "execution_started", inputs: {} };

function sizeOf(...events: LogEvent[]): number {
  const size = new RunSize();
  size.follow(1, events);
  return size.largest;
}

describe("the size of a run", () => {
  it("[WP7] is that of the node execution with the largest inputs and outputs together", () => {
    const first = [started, queued("n1", []), yields("n1", 100_000), done("n1")];
    expect(sizeOf(...first)).toBe(100_000);
    expect(sizeOf(...first, queued("n2", [3]), yields("n2", 50_000), done("n2"))).toBe(150_000);
    expect(sizeOf(...first, queued("n2", [3, 3]), done("n2"), queued("n3", []), yields("n3", 60_000))).toBe(200_000);
    expect(sizeOf(...first, queued("n2", []), yields("n2", 60_000), yields("n2", 70_000))).toBe(130_000);
  });

  it("[WP7] counts what the run was given, lists that were gathered, and large values as long as they are", () => {
    const size = 5_000_000;
    const value = markerOf({ sha256: "0".repeat(64), size, type: "string", preview: "" });
    expect(sizeOf({ type: "execution_started", inputs: { a: value } })).toBeGreaterThanOrEqual(size);
    expect(sizeOf(started, queued("n1", [], { literals: { a: value } }))).toBeGreaterThanOrEqual(size);
    const small = Array.from({ length: 1_000 }, (_, index) => yields(`m${index}`, 1_000));
    const all = small.map((_, index) => index + 2);
    expect(sizeOf(started, ...small, queued("list", [], { gathered: all }))).toBe(1_000_000);
  });

  it("is followed over several commits, and remembers large outputs by their number", () => {
    const size = new RunSize();
    size.follow(1, [started, queued("n1", [])]);
    size.follow(3, [yields("n1", 20_000), yields("n1", 30_000), done("n1")]);
    size.follow(6, [queued("n2", [4])]);
    expect(size.largest).toBe(50_000);
    size.follow(7, [yields("n2", 40_000)]);
    expect(size.largest).toBe(70_000);
  });
});
