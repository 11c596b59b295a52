import { describe, expect, it } from "vitest";
import type { FlowPriority } from "#graph/model/flow-settings.ts";
import { FairQueue, OVERDUE, rankOf } from "./fair-queue.ts";
import type { Candidate } from "./fair-queue.ts";
import { seededRandom } from "./workload.testkit.ts";

const MINUTES = 60_000;

function candidate(agent: string, more: Partial<Candidate<string>> = {}): Candidate<string> {
  return { agent, run: agent, queuedAt: 0, rank: 1, expectedMs: 1_000, ...more };
}

/** Who goes in so many picks when every agent always has another run waiting. */
function picks(queue: FairQueue, candidates: Candidate<string>[], count: number): string[] {
  return Array.from({ length: count }, () => queue.pick(candidates)?.chosen.agent ?? "");
}

describe("rank", () => {
  const rank = (priority: FlowPriority | undefined, waited: number): number =>
    rankOf({ priority, queuedAt: 0, now: waited, ageingMs: 5 * MINUTES });

  it("[WF2] [WF3] is the priority, one more for every five minutes, and ends at overdue", () => {
    expect([rank("low", 0), rank(undefined, 0), rank("normal", 0), rank("high", 0)]).toEqual([0, 1, 1, 2]);
    expect([
      rank("low", 5 * MINUTES - 1),
      rank("low", 5 * MINUTES),
      rank("low", 15 * MINUTES),
      rank("low", 1e12),
    ]).toEqual([0, 1, 3, 3]);
    expect([rank("high", 5 * MINUTES), rank("high", 1e12)]).toEqual([OVERDUE, OVERDUE]);
    expect(rank("normal", -5)).toBe(1);
  });
});

describe("who goes next", () => {
  it("is nobody when nobody can", () => {
    expect(new FairQueue().pick([])).toBeUndefined();
  });

  it("[WF2] the highest rank, however short the others are", () => {
    const all = [candidate("short", { expectedMs: 1 }), candidate("high", { rank: 2, expectedMs: 60_000 })];
    expect(new FairQueue().pick(all)?.chosen.agent).toBe("high");
  });

  it("[WF3] among overdue runs the one that came first", () => {
    const all = [
      candidate("short", { rank: OVERDUE, expectedMs: 1, queuedAt: 20 }),
      candidate("first", { rank: OVERDUE, expectedMs: 60_000, queuedAt: 10 }),
      candidate("fresh", { rank: 2, expectedMs: 1, queuedAt: 0 }),
    ];
    expect(new FairQueue().pick(all)?.chosen.agent).toBe("first");
  });

  it("[WF5] the shortest that its agent can afford", () => {
    const queue = new FairQueue();
    const all = [
      candidate("long", { expectedMs: 50_000 }),
      candidate("short", { expectedMs: 40 }),
      candidate("middle", { expectedMs: 900 }),
    ];
    expect(queue.pick(all)?.chosen.agent).toBe("short");
    expect(queue.pick(all.slice(0, 1).concat(all.slice(2)))?.chosen.agent).toBe("middle");
  });

  it("[WF4] agents that always have runs waiting get the same time, whatever their runs take", () => {
    const queue = new FairQueue();
    const all = [
      candidate("a", { expectedMs: 50 }),
      candidate("b", { expectedMs: 500 }),
      candidate("c", { expectedMs: 5_000 }),
    ];
    const chosen = picks(queue, all, 11_100);
    const time = (agent: string, ms: number): number => chosen.filter((each) => each === agent).length * ms;
    const shares = [time("a", 50), time("b", 500), time("c", 5_000)];
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(5_000 + 2 * 100);
  });

  it("[WF4] seeded: at any time no two busy agents are further apart than the longest run and a round", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = seededRandom(seed);
      const queue = new FairQueue();
      const all = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, index) =>
        candidate(`agent-${index}`, { expectedMs: Math.ceil(10 ** (random() * 5)) }),
      );
      const longest = Math.max(...all.map(({ expectedMs }) => expectedMs));
      const time = new Map(all.map(({ agent }) => [agent, 0]));
      for (let turn = 0; turn < 2_000; turn += 1) {
        const chosen = queue.pick(all)?.chosen;
        time.set(chosen?.agent ?? "", (time.get(chosen?.agent ?? "") ?? 0) + (chosen?.expectedMs ?? 0));
        const spread = Math.max(...time.values()) - Math.min(...time.values());
        expect(spread, `seed ${seed}, turn ${turn}`).toBeLessThanOrEqual(longest + 200);
      }
    }
  });

  it("[WF4] an agent whose runs take longer than expected pays for it", () => {
    const queue = new FairQueue();
    const all = [candidate("honest", { expectedMs: 1_000 }), candidate("late", { expectedMs: 1_000 })];
    let late = 0;
    for (let turn = 0; turn < 1_100; turn += 1) {
      const picked = queue.pick(all);
      if (picked?.chosen.agent === "late") {
        late += 1;
        queue.settle("late", { charged: picked.charged, tookMs: 10_000 });
      }
    }
    expect(late).toBeGreaterThan(90);
    expect(late).toBeLessThan(110);
  });

  it("an agent without a backlog saves nothing up", () => {
    const queue = new FairQueue();
    const all = [candidate("a", { expectedMs: 10 }), candidate("b", { expectedMs: 10_000 })];
    picks(queue, all, 500);
    queue.forget("b");
    expect(picks(queue, all, 500)).not.toContain("b");
  });
});
