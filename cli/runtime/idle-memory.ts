import type { ProcessUsage } from "./process-usage.ts";

export interface IdleMemoryPolicy {
  /** How long nothing must have happened, ms. */
  idleMs: number;
  /** How much more than at its first look a process must hold, MiB. */
  growthMiB: number;
}

/** Half a percent of a core: what the runtime and the work of every minute need. */
const IDLE_SHARE = 0.005;

/**
 * Decides when a runtime process that is of no use to anybody at the moment should make room for a fresh one, because it holds memory that it does not give back: after
 * `idleMs` without a connection, with next to no CPU time, and with `growthMiB` more than at the first look. Feed it the process's usage every now and then.
 */
export class IdleMemory {
  readonly #policy: IdleMemoryPolicy;
  #pid = 0;
  #firstMiB = 0;
  #idle: { since: number; cpuMs: number } | null = null;

  constructor(policy: IdleMemoryPolicy) {
    this.#policy = policy;
  }

  /** @param at ms, of a clock that only goes forward. Answers whether the process should be replaced now. */
  look(pid: number, usage: ProcessUsage, at: number): boolean {
    if (pid !== this.#pid) {
      this.#pid = pid;
      this.#firstMiB = usage.rssMiB;
      this.#idle = null;
    }
    if (usage.connections > 0 || this.#isBusy(usage, at)) this.#idle = null;
    this.#idle ??= usage.connections > 0 ? null : { since: at, cpuMs: usage.cpuMs };
    if (this.#idle === null || at - this.#idle.since < this.#policy.idleMs) return false;
    return usage.rssMiB - this.#firstMiB >= this.#policy.growthMiB;
  }

  #isBusy({ cpuMs }: ProcessUsage, at: number): boolean {
    return this.#idle !== null && cpuMs - this.#idle.cpuMs > IDLE_SHARE * Math.max(at - this.#idle.since, 1_000);
  }
}
