import type { AdmissionTicket } from "../protocol.ts";
import { MemoryWorkspaceStore } from "../store-memory.ts";
import { Admission } from "./admission.ts";
import { DEFAULT_LIMITS } from "./admission-limits.ts";
import { Predictor } from "./predictor.ts";
import type { Arrival } from "./workload.testkit.ts";

export interface WaitingTimes {
  mean: number;
  p95: number;
  max: number;
  /** Mean waiting time of the runs of each agent, ms. */
  byAgent: Map<string, number>;
}

/** When each run was let go, ms; the order in which runs end is the same world for every policy. */
type Policy = (arrivals: readonly Arrival[], places: number) => Map<string, number>;

/** Ends of runs, soonest first. */
class EndQueue {
  #items: { at: number; run: Arrival }[] = [];

  get next(): number {
    return this.#items[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  push(at: number, run: Arrival): void {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.at ?? 0) <= at) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#items.splice(low, 0, { at, run });
  }

  shift(): { at: number; run: Arrival } | undefined {
    return this.#items.shift();
  }
}

/** First come, first served. */
export const fifo: Policy = (arrivals, places) => {
  const started = new Map<string, number>();
  const ends = new EndQueue();
  let free = places;
  for (const run of arrivals) {
    while (free === 0 || ends.next <= run.at) {
      const end = ends.shift();
      free += 1;
      if (free === 1 && end !== undefined && end.at > run.at) {
        started.set(run.id, end.at);
        break;
      }
    }
    const at = started.get(run.id) ?? run.at;
    started.set(run.id, at);
    free -= 1;
    ends.push(at + run.durationMs, run);
  }
  return started;
};

/** The real admission with the real predictor, which knows of each run only after it has ended. */
export const weft: Policy = (arrivals, places) => {
  const predictor = new Predictor(new MemoryWorkspaceStore());
  const limits = { ...DEFAULT_LIMITS, running: places, queued: 1_000_000, queuedPerAgent: 1_000_000 };
  const admission = new Admission({ limits, expectedMs: (graphId, now) => predictor.expectedMs(graphId, now) });
  const byId = new Map(arrivals.map((run) => [run.id, run]));
  const started = new Map<string, number>();
  const ends = new EndQueue();
  const go = (id: string, now: number): void => {
    const run = byId.get(id);
    if (run !== undefined && !started.has(id)) {
      started.set(id, now);
      ends.push(now + run.durationMs, run);
    }
  };
  const letGo = (now: number): void => {
    for (const command of admission.takeChanges().commands) {
      if (command.type === "admit") {
        go(command.execution_id, now);
      }
    }
  };
  let index = 0;
  for (let run = arrivals[0]; run !== undefined || ends.next < Number.POSITIVE_INFINITY; run = arrivals[index]) {
    if (run !== undefined && run.at < ends.next) {
      index += 1;
      const standing = admission.begin(ticketOf(run), run.at);
      if (standing.kind === "admitted") {
        go(run.id, run.at);
      }
      letGo(run.at);
      continue;
    }
    const end = ends.shift();
    if (end !== undefined) {
      const { id, agent, durationMs } = end.run;
      const figures = {
        started_at: end.at - durationMs,
        ended_at: end.at,
        busy_ms: durationMs,
        tokens: 0,
        cost_usd: null,
        size: 0,
      };
      const report = {
        execution_id: id,
        workspace_id: "w",
        graph_id: agent,
        ended: true,
        waiting: false,
        figures,
        blocks: {},
      };
      predictor.observe([report], end.at);
      admission.release([id], "ended", end.at);
      letGo(end.at);
    }
  }
  return started;
};

export function simulate(policy: Policy, arrivals: readonly Arrival[], places: number): WaitingTimes {
  const started = policy(arrivals, places);
  const waits = arrivals.map((run) => ({ agent: run.agent, wait: (started.get(run.id) ?? Number.NaN) - run.at }));
  const sorted = waits.map(({ wait }) => wait).sort((a, b) => a - b);
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { agent, wait } of waits) {
    const known = sums.get(agent) ?? { sum: 0, count: 0 };
    sums.set(agent, { sum: known.sum + wait, count: known.count + 1 });
  }
  return {
    mean: sorted.reduce((sum, wait) => sum + wait, 0) / sorted.length,
    p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    max: sorted.at(-1) ?? 0,
    byAgent: new Map([...sums].map(([agent, { sum, count }]) => [agent, sum / count])),
  };
}

function ticketOf(run: Arrival): AdmissionTicket {
  return { execution_id: run.id, workspace_id: "w", graph_id: run.agent, flow: null, keys: {} };
}
