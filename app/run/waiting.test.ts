import { describe, expect, it } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { foldEvents } from "#graph/run/fold-events.ts";
import { emptyRunView } from "#graph/run/run-view.ts";
import type { WaitKind } from "#graph/run/wait.ts";
import { nodeWaiting } from "./waiting.ts";

const AT = "2026-01-01T00:00:00.000Z";

type Happening =
  | [type: "wait", id: string, kind: WaitKind, until: string | null]
  | [type: "resume" | "stop", id: string];

function after(...happenings: Happening[]) {
  const events = happenings.map((happening, index): ExecutionEvent => {
    const ref = { seq: index + 1, at: AT, node_execution_id: happening[1], node_id: "a" };
    switch (happening[0]) {
      case "wait":
        return { ...ref, type: "node_waiting", kind: happening[2], until: happening[3], payload: null, duration_ms: 0 };
      case "resume":
        return { ...ref, type: "node_resumed", reason: "timer" };
      case "stop":
        return { ...ref, type: "node_terminated" };
    }
  });
  const node = foldEvents(emptyRunView(), events).nodes.get("a");
  return node === undefined ? null : nodeWaiting(node);
}

describe("nodeWaiting", () => {
  it("tells the wait that is over first", () => {
    expect(
      after(
        ["wait", "1", "review", null],
        ["wait", "2", "timer", "2026-01-03T00:00:00.000Z"],
        ["wait", "3", "timer", "2026-01-02T00:00:00.000Z"],
      ),
    ).toEqual({ first: { kind: "timer", until: "2026-01-02T00:00:00.000Z", payload: null }, others: 2 });
  });

  it("tells a wait without end when there is no other", () => {
    expect(after(["wait", "1", "child", null])).toEqual({
      first: { kind: "child", until: null, payload: null },
      others: 0,
    });
  });

  it("is null once everything has gone on or was stopped", () => {
    expect(after(["wait", "1", "timer", AT], ["wait", "2", "review", null], ["resume", "1"], ["stop", "2"])).toBeNull();
  });
});
