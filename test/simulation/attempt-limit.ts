import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import { nodeOf } from "./log-entry.ts";
import type { Entry } from "./log-entry.ts";
import { LONGEST_WISH_MS } from "./scripted-block.ts";

/** How the engine begins its word of a limit over all attempts. */
export const OVER_ALL = "The attempts of this node took longer than the limit";

/** When its attempts have had their time together (rule RT4), of the log's clock; Infinity: never. */
export function limitOf({ total_timeout_ms }: PlanNode, { triedSince }: Entry): number {
  return total_timeout_ms === undefined || triedSince === null ? Infinity : triedSince + total_timeout_ms;
}

/** When the next of those that run or are queued has had its time; Infinity: none. */
export function nextLimit(plan: Plan, entries: Iterable<Entry>): number {
  return Math.min(
    ...[...entries]
      .filter(({ status }) => status === "running" || status === "queued")
      .map((entry) => limitOf(nodeOf(plan, entry.node), entry)),
  );
}

/** May it fail for its limit at `at`, before that is over: its next attempt could only begin after it. */
export function mayFailEarly(node: PlanNode, entry: Entry, at: number): boolean {
  const { max_attempts = 1, backoff_ms = 0, max_backoff_ms = 0 } = node.retry ?? {};
  const longest = Math.max(LONGEST_WISH_MS, Math.min(max_backoff_ms, backoff_ms * 2 ** entry.failures));
  return entry.status === "running" && entry.failures + 1 < max_attempts && at + longest >= limitOf(node, entry);
}
