import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "./admission-limits.ts";
import { fifo, simulate, weft } from "./simulate-admission.testkit.ts";
import { makeWorkload } from "./workload.testkit.ts";

const PLACES = 20;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

/** A run of normal priority is overdue after this time. */
const OVERDUE_AFTER_MS = 2 * DEFAULT_LIMITS.ageingMs;

describe.each([0.7, 0.85, 0.95])("against first come, first served, at %d of what the places can do", (load) => {
  it.each(SEEDS)(
    "[WF3] [WF5] waits less on average and at the 95th percentile, and nobody starves: seed %d",
    (seed) => {
      const arrivals = makeWorkload({ seed, agents: 20, runs: 8_000, places: PLACES, load });
      const [before, after] = [simulate(fifo, arrivals, PLACES), simulate(weft, arrivals, PLACES)];
      if (process.env.WEFT_PRINT_SIMULATION !== undefined) {
        const seconds = [before, after]
          .flatMap(({ mean, p95, max }) => [mean, p95, max])
          .map((ms) => (ms / 1_000).toFixed(1));
        console.log(`| ${load} | ${seed} | ${seconds.join(" | ")} |`);
      }
      expect(after.mean).toBeLessThan(before.mean);
      expect(after.p95).toBeLessThan(before.p95);
      // An overdue run is only ever behind runs that came before it, as in the other policy.
      expect(after.max).toBeLessThanOrEqual(before.max + OVERDUE_AFTER_MS);
    },
  );
});

describe("an agent that floods the workspace", () => {
  it.each(SEEDS)("[WF4] does not make the others wait: seed %d", (seed) => {
    const others = makeWorkload({ seed, agents: 10, runs: 5_000, places: PLACES, load: 0.4, mediansMs: [30, 2_000] });
    const flood = Array.from({ length: 3_000 }, (_, index) => ({
      id: `f${index}`,
      agent: "flood",
      at: 60_000,
      durationMs: 2_000,
    }));
    const arrivals = [...others, ...flood].toSorted((a, b) => a.at - b.at);
    const [before, after] = [simulate(fifo, arrivals, PLACES), simulate(weft, arrivals, PLACES)];
    for (const [agent, wait] of after.byAgent) {
      if (agent !== "flood") {
        expect(wait, agent).toBeLessThan((before.byAgent.get(agent) ?? 0) / 2);
      }
    }
    expect(after.max).toBeLessThanOrEqual(before.max + OVERDUE_AFTER_MS);
  });
});
