import { expect, it } from "vitest";
import { MeasuredRuns } from "./measured-runs.ts";

it("[WP7] measures some runs of an agent in a second, and tells the size of the last of them for the others", () => {
  const runs = new MeasuredRuns();
  let measured = 0;
  const of = (agent: string, now: number): unknown =>
    runs.of(agent, now, () => {
      measured += 1;
      return { blocks: {}, size: measured };
    });
  const first = Array.from({ length: 8 }, (_, index) => of("a@1", 1_000 + index));
  expect(first.slice(0, 5)).toEqual([1, 2, 3, 4, 5].map((size) => ({ blocks: {}, size })));
  expect(first.slice(5)).toEqual([{ size: 5 }, { size: 5 }, { size: 5 }]);
  expect(of("b@1", 1_100)).toEqual({ blocks: {}, size: 6 });
  expect(of("a@1", 1_999)).toEqual({ size: 5 });
  expect(of("a@1", 2_000)).toEqual({ blocks: {}, size: 7 });
  // A clock that was put back does not stop it.
  expect(of("a@1", 500)).toEqual({ blocks: {}, size: 8 });
});

it("remembers a bounded number of agents", () => {
  const runs = new MeasuredRuns();
  for (let agent = 0; agent < 1_001; agent += 1) {
    for (let run = 0; run < 5; run += 1) {
      runs.of(`${agent}`, 1_000, () => ({ size: agent }));
    }
  }
  expect(runs.of("1000", 1_000, () => ({ size: -1 }))).toEqual({ size: 1_000 });
  expect(runs.of("0", 1_000, () => ({ size: -1 }))).toEqual({ size: -1 });
});
