import type { ExecutionStatus } from "#graph/run/status.ts";

const MARKS: Record<ExecutionStatus, string> = {
  INCOMPLETE: "·",
  QUEUED: "…",
  RUNNING: "▶",
  REVIEW: "?",
  COMPLETED: "✓",
  TERMINATED: "■",
  FAILED: "✗",
};

export function statusMark(status: ExecutionStatus): string {
  return MARKS[status];
}
