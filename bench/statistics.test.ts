import { expect, it } from "vitest";
import { quantile, summarise } from "./statistics.ts";

it("takes quantiles that are values of the series", () => {
  const values = [1, 2, 3, 4];
  expect(quantile(values, 0.5)).toBe(2);
  expect(quantile(values, 0.95)).toBe(4);
  expect(quantile(values, 0)).toBe(1);
  expect(quantile([], 0.5)).toBeNull();
});

it("sums up a series whatever its order, and says nothing of an empty one", () => {
  expect(summarise([30, 10, 20])).toEqual({ n: 3, p50: 20, p95: 30, p99: 30, min: 10, max: 30, mean: 20 });
  expect(summarise([])).toEqual({ n: 0, p50: null, p95: null, p99: null, min: null, max: null, mean: null });
});
