import { describe, expect, it } from "vitest";
import type { ExecutionEvent, ExecutionEventType } from "#graph/run/event.ts";
import { eventLine } from "./event-line.ts";

const header = { seq: 1, at: "2026-11-22T20:00:00.000Z" };
const node = { ...header, node_id: "a", node_execution_id: "n1" };
const LATER = "2026-11-22T21:00:00.000Z";
const stats = {
  duration_ms: 1_500,
  node_time_ms: 1_000,
  node_execution_count: 1,
  node_error_count: 0,
  input_tokens: 0,
  output_tokens: 0,
};
const error = { code: "broken", message: "It broke." };

/** One of each type, and what is said of it. */
const LINES: { [T in ExecutionEventType]: [Extract<ExecutionEvent, { type: T }>, string] } = {
  execution_started: [
    { ...header, type: "execution_started", graph_id: "g", graph_version: 2, inputs: {} },
    "run of g version 2 accepted",
  ],
  execution_running: [{ ...header, type: "execution_running" }, "running"],
  node_input: [{ ...node, type: "node_input", pin: "x", value: 1 }, "· Adder got x"],
  node_queued: [{ ...node, type: "node_queued", input: {} }, "… Adder queued"],
  node_started: [{ ...node, type: "node_started", attempt: 2 }, "▶ Adder started (attempt 2)"],
  node_output: [{ ...node, type: "node_output", pin: "sum", value: { a: 1 } }, '  Adder → sum: { "a": 1 }'],
  execution_output: [{ ...node, type: "execution_output", name: "total", value: "x\ny" }, "⇒ total: x y"],
  node_completed: [{ ...node, type: "node_completed", duration_ms: 0, reused: "cache" }, "✓ Adder completed (cached)"],
  node_failed: [
    { ...node, type: "node_failed", error, handled: true, duration_ms: 1 },
    "✗ Adder failed (handled): It broke.",
  ],
  node_retrying: [
    { ...node, type: "node_retrying", attempt: 1, error, retry_at: LATER },
    `↻ Adder tries again at ${LATER}: It broke.`,
  ],
  node_waiting: [
    { ...node, type: "node_waiting", kind: "timer", until: LATER, payload: null, duration_ms: 1 },
    `⏸ Adder waits until ${LATER}`,
  ],
  node_resumed: [{ ...node, type: "node_resumed", reason: "timer" }, "▶ Adder goes on: its time has come"],
  node_terminated: [{ ...node, type: "node_terminated" }, "■ Adder stopped"],
  execution_review: [
    { ...header, type: "execution_review" },
    "? REVIEW: everything that is left waits for people (`weft reviews` tells what is asked)",
  ],
  execution_paused: [{ ...header, type: "execution_paused" }, "‖ paused: no node is started, those that run finish"],
  execution_unpaused: [{ ...header, type: "execution_unpaused" }, "▶ goes on after the pause"],
  execution_completed: [{ ...header, type: "execution_completed", stats }, "COMPLETED (1.5 s)"],
  execution_failed: [{ ...header, type: "execution_failed", error, stats }, "FAILED (1.5 s): It broke."],
  execution_terminated: [
    { ...header, type: "execution_terminated", reason: "Stopped.", stats },
    "TERMINATED: Stopped.",
  ],
};

const names = (id: string): string => (id === "a" ? "Adder" : id);

describe("a line for an event", () => {
  it.each(Object.values(LINES))("%j", (event, line) => {
    expect(eventLine(event, names)).toBe(line);
  });

  it.each([
    ["review", null, { name: "Is this right?", data: 1 }, "for a person Is this right?"],
    ["review", LATER, { data: 1 }, `for a person, until ${LATER} at the latest`],
    ["child", null, { graph_id: "g2" }, "for the run of agent g2"],
    ["callback", LATER, { url: "https://weft.test/x" }, `for a call https://weft.test/x, until ${LATER} at the latest`],
    ["callback", null, "no object", "for a call"],
    ["tide", null, {}, "for tide"],
  ] as const)("says what a node waits for: %s", (kind, until, payload, what) => {
    const event = { ...node, type: "node_waiting", kind, until, payload, duration_ms: 1 } as ExecutionEvent;
    expect(eventLine(event, names)).toBe(`⏸ Adder waits ${what}`);
  });

  it.each([
    ["signal", "what it waited for has happened"],
    ["timeout", "nothing came in time"],
  ] as const)("says why a node goes on: %s", (reason, why) => {
    expect(eventLine({ ...node, type: "node_resumed", reason }, names)).toBe(`▶ Adder goes on: ${why}`);
  });

  it("tells a gathered value from one that makes a node wait for others", () => {
    const event: ExecutionEvent = { ...node, type: "node_input", pin: "x", value: 1, gathered: true };
    expect(eventLine(event, names)).toBe("· Adder gathered a value at x");
  });

  it("shows events of a newer server as they are called", () => {
    expect(eventLine({ ...header, type: "execution_dreamt" } as unknown as ExecutionEvent, names)).toBe(
      "execution_dreamt",
    );
    expect(eventLine({ ...node, type: "node_dreamt" } as unknown as ExecutionEvent, names)).toBe("a node_dreamt");
  });
});
