/** How much one workspace may have going on. */
export interface AdmissionLimits {
  /** Most runs that hold a place. */
  running: number;
  /** Most runs that wait for one. */
  queued: number;
  /** Most runs of one agent that wait for one. */
  queuedPerAgent: number;
  /** A queued run rises one rank after each such time, ms. */
  ageingMs: number;
}

export const DEFAULT_LIMITS: AdmissionLimits = {
  running: 1_000,
  queued: 10_000,
  queuedPerAgent: 2_000,
  ageingMs: 300_000,
};
