import { describe, expect, it } from "vitest";
import { FEATURE_NAMES } from "./features.ts";
import { simulateInProcess } from "./run-cli.ts";

/** What came into the worlds after these stories: without it the seeds are the worlds that they were. */
const LATER: readonly string[] = [...FEATURE_NAMES, "snapshot_foreign"];

/**
 * Worlds that once broke. The mutation brings the bug back: with it the world must break again, which shows that the story still happens at this
 * seed; without it, it must not. They are worlds without what was added later, where that is not said otherwise. When a change of the simulation has moved the story elsewhere, search it again:
 * `npm run simulate -- --mutation <name> --seeds 20000`.
 */
const REGRESSIONS: { seed: number; mutation: string; invariant: string; story: string; without?: string[] }[] = [
  {
    seed: 1489,
    mutation: "waiting-leases-not-renewed",
    invariant: "healthy-keeps-lease",
    story:
      "a consumer in a long node renewed neither the leases that waited behind it nor those it had finished and not yet reported",
  },
  {
    seed: 29,
    mutation: "renewed-too-late",
    invariant: "healthy-keeps-lease",
    story: "a consumer took the deadline, a time of the object's clock, for a time of its own, and renewed too late",
  },
  {
    seed: 69,
    mutation: "full-lease-at-every-reload",
    invariant: "every-run-ends",
    story:
      "an object that was let go of between two alarms gave the attempt of a dead consumer a full new lease each time",
  },
  {
    seed: 40,
    mutation: "void-runs-talk",
    invariant: "told-is-kept",
    story:
      "after a failed write, a timer of the state that was thrown away told the list of runs of events that were never written",
  },
  {
    seed: 55,
    mutation: "far-alarm-kept",
    invariant: "alarm-armed",
    story:
      "a decision made a node ready, its message was lost, and the alarm was set for the time-out of the review, days away",
  },
  {
    seed: 13_232,
    mutation: "child-left-paused",
    invariant: "every-run-ends",
    story:
      "the word that the pause is over was lost on its way to a child, which waited for ever, and its parent with it",
  },
  {
    seed: 3_513,
    mutation: "called-for-what-has-failed",
    invariant: "few-messages",
    story: "a node that was ready for its next attempt failed for its limit of time, and consumers were called for it",
    without: ["safe_calls"],
  },
  {
    seed: 317,
    mutation: "no-alarm-for-limits-of-ready-work",
    invariant: "time-is-up",
    story: "an attempt was lost and ready again, and nobody looked when the time of all its attempts was over",
    without: ["safe_calls"],
  },
  {
    seed: 48_148,
    mutation: "in-step-by-number",
    invariant: "only-in-step",
    story:
      "the answer to a report was lost, and the object had by chance done as much as the replica foretold, which went on with what was handed out already",
    without: ["safe_calls"],
  },
  {
    seed: 161,
    mutation: "orphans-lost-in-snapshots",
    invariant: "state-is-replay",
    story:
      "a run that was over was loaded from a snapshot again, and had forgotten the child that it had not reached to stop it",
  },
  {
    seed: 1_311_993,
    mutation: "alarm-goes-on-after-a-lost-commit",
    invariant: "told-is-kept",
    story: "an alarm heard that the parent was over, could not write the end, and told the list of it all the same",
    without: [],
  },
];

describe("worlds that once broke", () => {
  it.each(REGRESSIONS)(
    "$story",
    async ({ seed, mutation, invariant, without = LATER }) => {
      const world = ["--only", String(seed), ...(without.length === 0 ? [] : ["--without", without.join(",")])];
      const [mended, broken] = await Promise.all([
        simulateInProcess(...world),
        simulateInProcess(...world, "--mutation", mutation),
      ]);
      expect(
        broken.failures.map((failure) => failure.invariant),
        "the story still happens at this seed",
      ).toEqual([invariant]);
      expect(mended.failures).toEqual([]);
    },
    60_000,
  );
});
