import type { FlowSettings } from "#graph/model/flow-settings.ts";

/** Starts of one agent that are remembered, over all values of its key. A start beyond waits until the oldest no longer counts. */
export const MAX_REMEMBERED = 100_000;

export interface PastStart {
  graph_id: string;
  /** The hashed value of the throttle's key; empty without one. */
  key: string;
  /** ms since the epoch */
  at: number;
}

export type Throttle = NonNullable<FlowSettings["throttle"]>;

interface AgentStarts {
  /** Oldest first. */
  all: PastStart[];
  byKey: Map<string, number[]>;
}

/** When runs of throttled agents were started. Rule WA3: at most `limit` starts in any period, for each value of the key. */
export class StartLog {
  readonly #agents = new Map<string, AgentStarts>();

  add(start: PastStart): void {
    const { graph_id, key, at } = start;
    const agent = this.#agents.get(graph_id) ?? { all: [], byKey: new Map<string, number[]>() };
    this.#agents.set(graph_id, agent);
    agent.all.push(start);
    const times = agent.byKey.get(key);
    if (times === undefined) {
      agent.byKey.set(key, [at]);
    } else {
      times.push(at);
    }
  }

  /** When the next start is allowed, `now` or later, and whether until then none of any key is. */
  nextStart(
    { graph_id, key }: Omit<PastStart, "at">,
    throttle: Throttle,
    now: number,
  ): { at: number; wholeAgent: boolean } {
    const agent = this.#agents.get(graph_id);
    const periodMs = throttle.period_seconds * 1_000;
    const oldest = agent?.all.at(-MAX_REMEMBERED);
    if (oldest !== undefined && oldest.at + periodMs > now) {
      return { at: oldest.at + periodMs, wholeAgent: true };
    }
    const blocking = agent?.byKey.get(key)?.at(-throttle.limit);
    const at = blocking === undefined ? now : Math.max(now, blocking + periodMs);
    return { at, wholeAgent: throttle.key === undefined };
  }

  /** Forgets an agent's starts that no longer count; returns the time up to which they lie, or null when there are none. */
  prune(graphId: string, throttle: Throttle, now: number): number | null {
    const agent = this.#agents.get(graphId);
    const upTo = now - throttle.period_seconds * 1_000;
    const found = agent?.all.findIndex(({ at }) => at > upTo) ?? 0;
    if (agent === undefined || found === 0 || agent.all.length === 0) {
      return null;
    }
    const kept = found === -1 ? agent.all.length : found;
    for (const { key } of agent.all.slice(0, kept)) {
      const times = agent.byKey.get(key);
      times?.shift();
      if (times?.length === 0) {
        agent.byKey.delete(key);
      }
    }
    agent.all = agent.all.slice(kept);
    return upTo;
  }
}
