import { describe, expect, it } from "vitest";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { WaitKind } from "#graph/run/wait.ts";
import { PendingReviews } from "./pending-reviews.ts";

const AT = "2026-01-01T00:00:00.000Z";
const UNTIL = "2026-01-02T00:00:00.000Z";
const STATS = {
  duration_ms: 1,
  node_time_ms: 1,
  node_execution_count: 1,
  node_error_count: 0,
  input_tokens: 0,
  output_tokens: 0,
};

const at = { seq: 1, at: AT };
const ref = (id: string) => ({ ...at, node_execution_id: id, node_id: "ask" });

function waiting(id: string, kind: WaitKind = "review"): ExecutionEvent {
  return { ...ref(id), type: "node_waiting", kind, until: UNTIL, payload: { name: id }, duration_ms: 1 };
}

function ids(reviews: PendingReviews): string[] {
  return reviews.list().map(({ review_id }) => review_id);
}

describe("PendingReviews", () => {
  it("keeps all that is asked, oldest first, and nothing that waits for other things", () => {
    const reviews = new PendingReviews();
    const asked = Array.from({ length: 20 }, (_, index) => `n${index}`);
    for (const id of asked) {
      reviews.add(waiting(id));
    }
    reviews.add(waiting("t", "timer"));
    reviews.add(waiting("c", "child"));
    expect(ids(reviews)).toEqual(asked);
    expect(reviews.list()[0]).toEqual({
      review_id: "n0",
      node_id: "ask",
      payload: { name: "n0" },
      asked_at: AT,
      until: UNTIL,
    });
  });

  it("lets go of what was decided, timed out, failed or was stopped", () => {
    const reviews = new PendingReviews();
    for (const id of ["a", "b", "c", "d"]) {
      reviews.add(waiting(id));
    }
    reviews.add({ ...ref("b"), type: "node_resumed", reason: "signal" });
    expect(ids(reviews)).toEqual(["a", "c", "d"]);
    reviews.add({ ...ref("a"), type: "node_resumed", reason: "timeout" });
    reviews.add({ ...ref("c"), type: "node_terminated" });
    expect(ids(reviews)).toEqual(["d"]);
    reviews.add({ ...at, type: "execution_terminated", reason: "enough", stats: STATS });
    expect(ids(reviews)).toEqual([]);
  });

  it("gives the same list until something changes", () => {
    const reviews = new PendingReviews();
    const empty = reviews.list();
    reviews.add({ ...ref("x"), type: "node_completed", duration_ms: 1 });
    expect(reviews.list()).toBe(empty);
    reviews.add(waiting("a"));
    const one = reviews.list();
    reviews.add({ ...at, type: "execution_review" });
    expect(reviews.list()).toBe(one);
    reviews.add({ ...ref("a"), type: "node_resumed", reason: "signal" });
    expect(reviews.list()).toHaveLength(0);
  });
});
