import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";

/** What of a run's summary takes a walk over all of its events. */
export type Measures = Pick<ExecutionSummary, "blocks" | "size">;

/** Runs of a version of an agent that are measured in a second. Those beside them take about as much, and to measure a long run is a twentieth of its work. */
const PER_SECOND = 5;

/** Versions of agents that are remembered. */
const AGENTS = 1_000;

interface Measured {
  /** ms since the epoch: when the second began. */
  since: number;
  count: number;
  size: number | undefined;
}

/** Chooses the runs that are measured for the workspace's predictions, where one Worker ends many of them. */
export class MeasuredRuns {
  readonly #agents = new Map<string, Measured>();

  /** The measures of this run; of one beyond the most, what is known of the last that was measured. */
  of(agent: string, now: number, measure: () => Measures): Measures {
    const known = this.#agents.get(agent);
    const isNew = known === undefined || now - known.since >= 1_000 || now < known.since;
    if (!isNew && known.count >= PER_SECOND) {
      return known.size === undefined ? {} : { size: known.size };
    }
    const measures = measure();
    this.#agents.delete(agent);
    this.#agents.set(agent, {
      since: isNew ? now : known.since,
      count: isNew ? 1 : known.count + 1,
      size: measures.size,
    });
    if (this.#agents.size > AGENTS) {
      const [oldest = ""] = this.#agents.keys();
      this.#agents.delete(oldest);
    }
    return measures;
  }
}
