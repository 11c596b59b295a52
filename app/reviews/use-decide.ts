import { useState } from "react";
import { useFetcher } from "react-router";
import type { JsonValue } from "#graph/json.ts";
import type { Answer, Refusal } from "#app/services.server.ts";

/** A decision as it is sent. */
export type Decision = {
  approved: boolean;
  /** Absent: the data as it was. */
  data?: JsonValue;
  message?: string;
  auto_approve_future: boolean;
};

interface Sent {
  reviewId: string;
  name: string;
  approved: boolean;
}

export type Outcome =
  | { kind: "taken"; sent: Sent }
  /** Decided by others, timed out, or the run has ended. */
  | { kind: "too_late"; sent: Sent }
  | { kind: "refused"; sent: Sent; refusal: Refusal };

export interface Decide {
  /** The review whose decision is on its way. */
  busy: string | null;
  /** What came of the last decision, until it is dismissed. */
  outcome: Outcome | null;
  /** Whether the review is known to be over, which the run's events may not have told yet. */
  isSettled(reviewId: string): boolean;
  send(sent: Sent, decision: Decision): void;
  dismiss(): void;
}

/** Sends the decisions of one run, one at a time. */
export function useDecide(executionId: string): Decide {
  const fetcher = useFetcher<Answer>();
  const [sent, setSent] = useState<Sent | null>(null);
  const [settled, setSettled] = useState<ReadonlySet<string>>(new Set());
  const answer = fetcher.state === "idle" && sent !== null ? fetcher.data : undefined;
  const outcome = answer === undefined || sent === null ? null : toOutcome(sent, answer);
  const over = outcome === null || outcome.kind === "refused" ? null : outcome.sent.reviewId;
  if (over !== null && !settled.has(over)) {
    setSettled(new Set(settled).add(over));
  }
  return {
    busy: fetcher.state === "idle" ? null : (sent?.reviewId ?? null),
    outcome,
    isSettled: (reviewId) => settled.has(reviewId),
    send(next, decision) {
      setSent(next);
      void fetcher.submit(JSON.stringify(decision), {
        method: "post",
        action: `/runs/${encodeURIComponent(executionId)}/reviews/${encodeURIComponent(next.reviewId)}`,
        encType: "application/json",
      });
    },
    dismiss: () => setSent(null),
  };
}

function toOutcome(sent: Sent, answer: Answer): Outcome {
  if (answer.ok) {
    return { kind: "taken", sent };
  }
  const { refusal } = answer;
  return refusal.code === "review_not_pending" ? { kind: "too_late", sent } : { kind: "refused", sent, refusal };
}
