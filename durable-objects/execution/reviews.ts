import type { OpenRun } from "./open-run.ts";
import type { ExecutionView, Outcome, ReviewView } from "./protocol.ts";
import type { ExecutionState } from "./core/state.ts";
import type { Run } from "./run.ts";
import { shown } from "./shown-value.ts";
import { executionView, isoOrNull } from "./view.ts";

/** What people are asked for in a run, oldest first. */
export function pendingReviews({ header, state }: Pick<Run, "header" | "state">): ReviewView[] {
  return [...state.waiting].flatMap(({ id, node, wait, waitingSince }): ReviewView[] => {
    if (wait?.kind !== "review") {
      return [];
    }
    const payload = shown(wait.payload, header.execution_id);
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
  return notPending(run.state, reviewId);
}

/** What is said of a decision that comes too late, or to nothing. */
export function notPending(state: ExecutionState, reviewId: string): Outcome<ExecutionView> {
  const known = Number(reviewId.slice(1)) <= state.created && /^n\d+$/.test(reviewId);
  return known
    ? {
        ok: false,
        code: "review_not_pending",
        message: "Nobody is asked for this any more: it was decided before, or the run has ended.",
      }
    : { ok: false, code: "not_found", message: "There is no such review." };
}
