/** AutoGPT's `AgentExecutionStatus` (autogpt.md §3.3), of runs and of node executions. */
export const EXECUTION_STATUSES = [
  "INCOMPLETE",
  "QUEUED",
  "RUNNING",
  "REVIEW",
  "COMPLETED",
  "TERMINATED",
  "FAILED",
] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

export function isTerminal(status: ExecutionStatus): boolean {
  return status === "COMPLETED" || status === "TERMINATED" || status === "FAILED";
}
