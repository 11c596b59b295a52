import { describe, expect, it } from "vitest";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { Draft } from "#durable-objects/execution/draft.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { fitsRequest, takeBegunWork } from "./begun-work.ts";

const AT = { slots: 2, leaseMs: 30_000, now: 1_005 };

function draftOf(of: Plan): Draft {
  return new Draft({ execution_id: "x", workspace_id: "w", plan: of, source: "test", created_at: 1_000 }, {});
}

const calls = plan({ a: { effects: "once" }, b: { effects: "idempotent" }, c: { effects: "once" } }, []);

describe("work that the Worker which begins a run takes", () => {
  it("[ST5] is what the object would hand out, logged as begun", () => {
    const draft = draftOf(calls);
    const begun = takeBegunWork(draft, AT);
    expect(begun?.leases.map(({ node_id, attempt, effects }) => [node_id, attempt, effects])).toEqual([
      ["a", 1, "once"],
      ["b", 1, "idempotent"],
    ]);
    expect(begun).toMatchObject({ workspaceId: "w", deadline: 31_005 });
    expect(draft.batches.flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
      "execution_started",
      "node_queued",
      "node_queued",
      "node_queued",
      "execution_running",
      "node_started",
      "node_started",
    ]);
    expect(begun?.replica?.base).toBe(draft.state.lastSeq);
  });

  it("[ST5] is none while pure nodes are left, and none of a run that is over", () => {
    const mixed = draftOf(plan({ a: { effects: "once" }, b: {} }, []));
    expect(takeBegunWork(mixed, AT)).toBeNull();
    expect(mixed.state.running.size).toBe(0);
    expect(takeBegunWork(draftOf(plan({}, [])), AT)).toBeNull();
  });

  it("[RU3] has no state to go on from when the run takes results over from another", () => {
    const draft = new Draft(
      {
        execution_id: "x",
        workspace_id: "w",
        plan: calls,
        source: "test",
        created_at: 1_000,
        reuse: { memo: [] },
      },
      {},
    );
    expect(takeBegunWork(draft, AT)?.replica).toBeNull();
  });
});

describe("what fits into a request", () => {
  const of = (node: object, more: object = {}): Plan => ({ ...plan({ a: node, b: {} }, []), ...more });

  it("is everything where an invocation lives as long as its work", () => {
    expect(fitsRequest(of({ effects: "once", timeout_ms: 600_000 }), true)).toBe(true);
  });

  it("is elsewhere what ends in time, and quick work that may be repeated", () => {
    expect(fitsRequest(of({ effects: "once", timeout_ms: 30_000 }), false)).toBe(true);
    expect(fitsRequest(of({ effects: "once", timeout_ms: 30_001 }), false)).toBe(false);
    expect(fitsRequest(of({ effects: "idempotent", timeout_ms: 600_000 }), false)).toBe(false);
    expect(fitsRequest(of({ effects: "idempotent", timeout_ms: 600_000 }, { lease_ms: 10_000 }), false)).toBe(true);
    expect(fitsRequest(of({ effects: "pure", timeout_ms: 600_000 }), false)).toBe(true);
  });
});
