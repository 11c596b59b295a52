import { describe, expect, it } from "vitest";
import { FAULT_KINDS } from "./faults.ts";
import { FEATURE_NAMES, MILESTONES } from "./features.ts";
import { simulateInProcess } from "./run-cli.ts";

const SEEDS = 2_000;

describe("the whole engine in a simulated world", () => {
  it(`holds every invariant in ${SEEDS} worlds that go wrong in every way`, async () => {
    const batch = await simulateInProcess("--seeds", String(SEEDS));
    expect(batch.failures, "again with: npm run simulate -- --seed <seed> --trace").toEqual([]);
    expect(batch.runs).toBe(SEEDS);
    expect(
      FAULT_KINDS.filter((kind) => (batch.faults[kind] ?? 0) === 0),
      "every kind of fault happened",
    ).toEqual([]);
    expect(
      [...FEATURE_NAMES, ...MILESTONES].filter((name) => (batch.features[name] ?? 0) === 0),
      "what only some worlds have came to something, and so did what any may come to",
    ).toEqual([]);
  }, 300_000);

  it("[BV1] [BV3] [BV6] [BV9] holds them when values lie outside of the log, in a storage that fails at times", async () => {
    const batch = await simulateInProcess("--seeds", "500", "--large");
    expect(batch.failures, "again with: npm run simulate -- --large --seed <seed> --trace").toEqual([]);
    expect(batch.runs).toBe(500);
  }, 120_000);

  it("is the same world for the same seed, whatever ran before it", async () => {
    const [alone, after] = await Promise.all([
      simulateInProcess("--only", "77,1234"),
      simulateInProcess("--only", "3,5,8,1234,13,77"),
    ]);
    expect(alone.failures).toEqual([]);
    expect(after.digests["77"]).toBe(alone.digests["77"]);
    expect(after.digests["1234"]).toBe(alone.digests["1234"]);
  }, 60_000);

  it("takes out only what there is", async () => {
    await expect(simulateInProcess("--seeds", "1", "--without", "callbacks,gremlins")).rejects.toThrow(
      "--without does not know gremlins; there are request_lost, ",
    );
  });

  it("finds a bug that was put in on purpose", async () => {
    const { failures } = await simulateInProcess("--seeds", "200", "--mutation", "once-repeated");
    expect(failures.map(({ invariant }) => invariant)).toContain("once-is-once");
  }, 120_000);
});
