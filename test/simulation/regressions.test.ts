import { beforeAll, describe, expect, it } from "vitest";
import { simulateInProcess } from "./run-cli.ts";
import type { Batch } from "./run-cli.ts";

/**
 * Seeds that once broke an invariant, and what was wrong. A seed is the same world only as long as the simulation is the same: when it changes, the
 * story may no longer happen at its seed, so each also has unit tests at the rule it is about.
 */
const REGRESSIONS: { seed: number; invariant: string; story: string }[] = [
  {
    seed: 26,
    invariant: "healthy-keeps-lease",
    story:
      "a consumer in a long pure node did not renew the leases that waited behind it, nor those it had finished and not yet reported",
  },
  {
    seed: 170,
    invariant: "every-run-ends",
    story:
      "an object that was let go of between two alarms gave the attempt of a dead consumer a full new lease each time it came back",
  },
  {
    seed: 18_587,
    invariant: "told-is-kept",
    story:
      "after a failed write, a timer of the state that was thrown away told the list of runs of events that were never written",
  },
  {
    seed: 163,
    invariant: "healthy-keeps-lease",
    story:
      "a consumer renewed too late because it took the deadline, a time of the object's clock, for a time of its own",
  },
];

describe("worlds that once broke", () => {
  let batch: Batch;

  beforeAll(async () => {
    batch = await simulateInProcess("--only", REGRESSIONS.map(({ seed }) => seed).join(","));
  }, 60_000);

  it.each(REGRESSIONS)("$seed: $story", ({ seed, invariant }) => {
    expect(
      batch.failures.filter((failure) => failure.seed === seed),
      invariant,
    ).toEqual([]);
  });
});
