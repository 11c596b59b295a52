import type { JsonValue } from "#graph/json.ts";
import type { ExecutionState } from "./core/state.ts";
import type { OpenRun } from "./open-run.ts";
import type { ExecutionView, Outcome, ReviewView } from "./protocol.ts";
import { executionView, isoOrNull } from "./view.ts";

/** What people are asked for in a run, oldest first. */
export function pendingReviews(state: ExecutionState): ReviewView[] {
  return [...state.waiting].flatMap(({ id, node, wait, waitingSince }): ReviewView[] => {
    if (wait?.kind !== "review") {
      return [];
    }
    const payload: JsonValue = wait.payload;
    return [
      {
        review_id: id,
        node_id: state.plan.nodes[node]?.id ?? "",
        payload,
        asked_at: new Date(waitingSince).toISOString(),
        until: isoOrNull(wait.until),
      },
    ];
  });
}

/** Rule WT4: a decision counts once, and only while it is asked for. */
export function reviewOutcome(accepted: boolean, { run }: OpenRun, reviewId: string): Outcome<ExecutionView> {
  if (accepted) {
    return { ok: true, value: executionView(run.header, run.state) };
  }
  const known = Number(reviewId.slice(1)) <= run.state.created && /^n\d+$/.test(reviewId);
  return known
    ? {
        ok: false,
        code: "review_not_pending",
        message: "Nobody is asked for this any more: it was decided before, or the run has ended.",
      }
    : { ok: false, code: "not_found", message: "There is no such review." };
}
