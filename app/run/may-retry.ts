import type { RunStats } from "#graph/run/event.ts";
import { type ExecutionStatus, isTerminal } from "#graph/run/status.ts";

/** Whether a retry would run anything: of a run that completed, only where a failure was handled by an error pin. */
export function mayRetry(status: ExecutionStatus, stats: Pick<RunStats, "node_error_count"> | null): boolean {
  return isTerminal(status) && (status !== "COMPLETED" || (stats?.node_error_count ?? 0) > 0);
}
