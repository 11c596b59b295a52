import { describe, expect, it } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { LiveRunStore } from "./live-run-store.ts";

const AT = "2026-01-01T00:00:00.000Z";
const STATS = {
  duration_ms: 5,
  node_time_ms: 3,
  node_execution_count: 2,
  node_error_count: 0,
  input_tokens: 0,
  output_tokens: 0,
};

function eventsOfRun(): ExecutionEvent[] {
  const a = { node_execution_id: "n1", node_id: "a" };
  const b = { node_execution_id: "n2", node_id: "b" };
  return [
    { seq: 1, at: AT, type: "execution_started", graph_id: "g", graph_version: 1, inputs: {} },
    { seq: 2, at: AT, ...a, type: "node_queued", input: {} },
    { seq: 3, at: AT, ...a, type: "node_started", attempt: 1 },
    { seq: 4, at: AT, ...a, type: "node_output", pin: "out", value: 1 },
    { seq: 5, at: AT, ...a, type: "node_completed", duration_ms: 3 },
    { seq: 6, at: AT, ...b, type: "node_queued", input: { in: 1 } },
    { seq: 7, at: AT, ...b, type: "node_started", attempt: 1 },
    { seq: 8, at: AT, ...b, type: "node_completed", duration_ms: 0 },
    { seq: 9, at: AT, type: "execution_completed", stats: STATS },
  ];
}

function setUp() {
  const frames: (() => void)[] = [];
  const links = [{ id: "l", source_id: "a", source_name: "out", sink_id: "b", sink_name: "in" }];
  const store = new LiveRunStore({ links, schedule: (flush) => frames.push(flush) });
  let notified = 0;
  store.subscribe(() => {
    notified += 1;
  });
  const frame = () => {
    for (const flush of frames.splice(0)) {
      flush();
    }
  };
  return { store, frame, frames, notified: () => notified };
}

describe("LiveRunStore", () => {
  it("tells React once a frame, however many events came", () => {
    const { store, frame, frames, notified } = setUp();
    for (const event of eventsOfRun()) {
      store.push(event);
    }
    expect(frames).toHaveLength(1);
    expect(notified()).toBe(0);
    expect(store.view().last_seq).toBe(0);
    frame();
    expect(notified()).toBe(1);
    expect(store.view()).toMatchObject({ status: "COMPLETED", last_seq: 9 });
    expect(store.view().edges.get("l")?.count).toBe(1);
  });

  it("keeps the very same object for a node that nothing happened to", () => {
    const { store, frame } = setUp();
    const events = eventsOfRun();
    events.slice(0, 5).forEach((event) => store.push(event));
    frame();
    const before = store.view().nodes.get("a");
    events.slice(5).forEach((event) => store.push(event));
    frame();
    expect(store.view().nodes.get("a")).toBe(before);
    expect(store.view().nodes.get("b")?.status).toBe("COMPLETED");
  });

  it("steps back, and shows the newest again on demand, while events go on coming in", () => {
    const { store, frame } = setUp();
    const events = eventsOfRun();
    events.slice(0, 5).forEach((event) => store.push(event));
    frame();
    store.seek(3);
    expect(store.position()).toBe(3);
    expect(store.view().nodes.get("a")?.status).toBe("RUNNING");
    events.slice(5).forEach((event) => store.push(event));
    frame();
    expect(store.view().nodes.get("a")?.status).toBe("RUNNING");
    expect(store.latest().status).toBe("COMPLETED");
    store.seek(null);
    expect(store.view().status).toBe("COMPLETED");
    expect(store.position()).toBe(9);
  });

  it("takes every event once", () => {
    const { store, frame } = setUp();
    const events = eventsOfRun();
    [...events, ...events].forEach((event) => store.push(event));
    frame();
    expect(store.view().nodes.get("a")?.executions).toBe(1);
    expect(store.view().missed).toBe(0);
  });
});
