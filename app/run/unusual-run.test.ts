import { expect, it } from "vitest";
import type { AppEstimate } from "#worker/contracts/app-context.ts";
import { unusualRun } from "./unusual-run.ts";

function estimate(p50: number | null): AppEstimate {
  const outlier = { execution_id: "slow", duration_ms: 12_400, p99_ms: 3_000 };
  const duration_ms = p50 === null ? null : { p50, p90: p50, p99: p50 };
  return { duration_ms, outliers: [{ ...outlier, execution_id: "other" }, outlier] } as AppEstimate;
}

it("says how many times as long as usual a run took that stood out", () => {
  expect(unusualRun("slow", estimate(1_000))).toEqual({
    times: 12,
    duration_ms: 12_400,
    usual_ms: 1_000,
    most_ms: 3_000,
  });
  expect(unusualRun("quick", estimate(1_000))).toBeNull();
  expect(unusualRun("slow", null)).toBeNull();
});

it("goes by what was usual then when the agent has become slower, or nothing else is known", () => {
  expect(unusualRun("slow", estimate(9_000))).toMatchObject({ times: 4, usual_ms: 3_000 });
  expect(unusualRun("slow", estimate(null))).toMatchObject({ times: 4, usual_ms: 3_000 });
  expect(unusualRun("slow", estimate(0))).toMatchObject({ usual_ms: 1 });
});
