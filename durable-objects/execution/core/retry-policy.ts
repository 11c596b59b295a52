import type { PlanNode } from "#graph/plan/plan.ts";
import type { RunError } from "#graph/run/event.ts";

/** How often a node execution is handed out again after consumers vanished with it, before it fails. */
export const MAX_LOST_ATTEMPTS = 5;

/** Failures that another attempt cannot mend, whatever the policy says. */
const FINAL_CODES: ReadonlySet<string> = new Set(["invalid_input", "unknown_block", "disabled_block"]);

export interface Failure {
  error: RunError;
  /** Whether another attempt may succeed, as the block sees it; undefined when it does not say. */
  retryable: boolean | undefined;
  /** Earliest next attempt, ms from now. */
  retryAfterMs: number | undefined;
}

/**
 * Rules RT1 and RT2: how long to wait before the next attempt, ms, or null when there is none. Exponential backoff with full jitter: a uniform share of
 * min(max_backoff_ms, backoff_ms × 2^failures), never less than what the remote asked for.
 *
 * @param failures failed attempts before this one
 */
export function retryDelay(node: PlanNode, failure: Failure, failures: number, random: () => number): number | null {
  const policy = node.retry;
  if (policy === undefined || failures + 1 >= policy.max_attempts || FINAL_CODES.has(failure.error.code)) {
    return null;
  }
  if (policy.on === undefined ? failure.retryable === false : !policy.on.includes(failure.error.code)) {
    return null;
  }
  const ceiling = Math.min(policy.max_backoff_ms, policy.backoff_ms * 2 ** Math.min(failures, 30));
  return Math.max(Math.floor(random() * ceiling), failure.retryAfterMs ?? 0);
}

/** Rule RT3: may an attempt whose outcome is unknown be repeated? `once` blocks only when the node's policy names the code. */
export function mayRepeatLost(node: PlanNode): boolean {
  return node.effects !== "once" || (node.retry?.on?.includes("outcome_unknown") ?? false);
}
