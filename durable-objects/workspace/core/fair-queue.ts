import type { FlowPriority } from "#graph/model/flow-settings.ts";

/** A run that could start now: the first of its agent. */
export interface Candidate<T> {
  agent: string;
  run: T;
  /** ms since the epoch */
  queuedAt: number;
  rank: number;
  /** How long the run is expected to hold its place, ms. */
  expectedMs: number;
}

/** Runs of this rank have waited so long that nothing but who came first counts. */
export const OVERDUE = 3;

const RANKS: Record<FlowPriority, number> = { low: 0, normal: 1, high: 2 };

/** What every backlogged agent is given in one round, ms of expected slot time. */
const QUANTUM_MS = 100;
const MIN_COST_MS = 1;
/** No prediction counts for more, and no debt is larger. */
const MAX_COST_MS = 600_000;

/** Rule WF2: priority, one rank higher for every `ageingMs` waited, up to OVERDUE. */
export function rankOf(wait: {
  priority: FlowPriority | undefined;
  queuedAt: number;
  now: number;
  ageingMs: number;
}): number {
  const aged = Math.floor(Math.max(0, wait.now - wait.queuedAt) / wait.ageingMs);
  return Math.min(OVERDUE, RANKS[wait.priority ?? "normal"] + aged);
}

/**
 * Who starts next. Rules WF2 to WF5: the highest rank first; among overdue runs the one that came first; else deficit round robin between
 * agents in expected slot time, and in a round the shortest expected run first.
 */
export class FairQueue {
  readonly #deficits = new Map<string, number>();

  /** Chooses among the candidates, one an agent, and charges the chosen one's agent. Undefined when there are none. */
  pick<T>(candidates: readonly Candidate<T>[]): { chosen: Candidate<T>; charged: number } | undefined {
    const top = Math.max(...candidates.map(({ rank }) => rank));
    const level = candidates.filter(({ rank }) => rank === top);
    const chosen = top >= OVERDUE ? first(level, byAge) : first(this.#affordable(level), byLength);
    if (chosen === undefined) {
      return undefined;
    }
    const charged = costOf(chosen);
    this.#charge(chosen.agent, charged);
    return { chosen, charged };
  }

  /** What a run really took, against what its agent was charged (rule WF4). */
  settle(agent: string, run: { charged: number; tookMs: number }): void {
    if (this.#deficits.has(agent)) {
      this.#charge(agent, Math.min(run.tookMs, MAX_COST_MS) - run.charged);
    }
  }

  /** An agent without a backlog saves nothing up and owes nothing. */
  forget(agent: string): void {
    this.#deficits.delete(agent);
  }

  #affordable<T>(level: readonly Candidate<T>[]): Candidate<T>[] {
    const missing = level.map((candidate) => costOf(candidate) - this.#deficit(candidate.agent));
    const rounds = Math.ceil(Math.max(0, Math.min(...missing)) / QUANTUM_MS);
    if (rounds > 0) {
      for (const { agent } of level) {
        this.#deficits.set(agent, this.#deficit(agent) + rounds * QUANTUM_MS);
      }
    }
    return level.filter((candidate) => this.#deficit(candidate.agent) >= costOf(candidate));
  }

  #deficit(agent: string): number {
    return this.#deficits.get(agent) ?? 0;
  }

  #charge(agent: string, ms: number): void {
    this.#deficits.set(agent, Math.max(-MAX_COST_MS, this.#deficit(agent) - ms));
  }
}

function costOf({ expectedMs }: { expectedMs: number }): number {
  return Math.min(MAX_COST_MS, Math.max(MIN_COST_MS, expectedMs));
}

function byAge(a: Candidate<unknown>, b: Candidate<unknown>): number {
  return a.queuedAt - b.queuedAt;
}

function byLength(a: Candidate<unknown>, b: Candidate<unknown>): number {
  return a.expectedMs - b.expectedMs || byAge(a, b);
}

function first<T>(items: readonly T[], compare: (a: T, b: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || compare(item, best) < 0 ? item : best),
    undefined,
  );
}
