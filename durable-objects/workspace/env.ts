import { DEFAULT_LIMITS } from "./core/admission-limits.ts";
import type { AdmissionLimits } from "./core/admission-limits.ts";

/** The bindings and variables that a WorkspaceObject uses. */
export interface WorkspaceEnv {
  EXECUTIONS: DurableObjectNamespace;
  /** Most runs of a workspace at a time. Default 1,000. */
  WEFT_MAX_RUNNING_RUNS?: string;
  /** Most runs of a workspace that wait for a place. Default 10,000. */
  WEFT_MAX_QUEUED_RUNS?: string;
  /** Most runs of one agent that wait for a place. Default 2,000. */
  WEFT_MAX_QUEUED_RUNS_PER_AGENT?: string;
}

export function limitsOf(env: Omit<WorkspaceEnv, "EXECUTIONS">): AdmissionLimits {
  return {
    running: positive(env.WEFT_MAX_RUNNING_RUNS, DEFAULT_LIMITS.running),
    queued: positive(env.WEFT_MAX_QUEUED_RUNS, DEFAULT_LIMITS.queued),
    queuedPerAgent: positive(env.WEFT_MAX_QUEUED_RUNS_PER_AGENT, DEFAULT_LIMITS.queuedPerAgent),
    ageingMs: DEFAULT_LIMITS.ageingMs,
  };
}

function positive(text: string | undefined, fallback: number): number {
  const given = Number(text);
  return Number.isSafeInteger(given) && given >= 1 ? given : fallback;
}
