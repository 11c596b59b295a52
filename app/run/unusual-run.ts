import type { AppEstimate } from "#worker/contracts/app-context.ts";

/** Of a run that took much longer than those before it. */
export interface UnusualRun {
  /** How many times as long as usual. */
  times: number;
  duration_ms: number;
  usual_ms: number;
  /** 99 of 100 runs before it took no longer. */
  most_ms: number;
}

/**
 * What is to be said of a run that stood out when it ended; null of any other. What is usual is what half of the runs take now, if that is less than what nearly all
 * took then: an agent that became slower since does not make an old run look quick.
 */
export function unusualRun(executionId: string, estimate: AppEstimate | null): UnusualRun | null {
  const outlier = estimate?.outliers.find(({ execution_id }) => execution_id === executionId);
  if (estimate === null || outlier === undefined) {
    return null;
  }
  const { duration_ms, p99_ms: most_ms } = outlier;
  const usual_ms = Math.max(1, Math.min(estimate.duration_ms?.p50 ?? most_ms, most_ms));
  return { times: Math.floor(duration_ms / usual_ms), duration_ms, usual_ms, most_ms };
}
