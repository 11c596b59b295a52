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
  #last: { at: number; cpuMs: number } | null = null;
  #idleSince: number | null = null;

  constructor(policy: IdleMemoryPolicy) {
    this.#policy = policy;
  }

  /** @param at ms, of a clock that only goes forward. Answers whether the process should be replaced now. */
  look(pid: number, usage: ProcessUsage, at: number): boolean {
    if (pid !== this.#pid) {
      this.#pid = pid;
      this.#firstMiB = usage.rssMiB;
      this.#last = null;
      this.#idleSince = null;
    }
    if (usage.connections > 0) this.#idleSince = null;
    else if (this.#worked(usage, at)) this.#idleSince = at;
    else this.#idleSince ??= at;
    this.#last = { at, cpuMs: usage.cpuMs };
    if (this.#idleSince === null || at - this.#idleSince < this.#policy.idleMs) return false;
    return usage.rssMiB - this.#firstMiB >= this.#policy.growthMiB;
  }

  /** Since the last look. Over the whole time a second of work at its end would not show. */
  #worked({ cpuMs }: ProcessUsage, at: number): boolean {
    return this.#last !== null && cpuMs - this.#last.cpuMs > IDLE_SHARE * Math.max(at - this.#last.at, 1_000);
  }
}
