import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NodeUsage } from "./event.ts";
import { addCost, addUsage, roundedCost } from "./usage.ts";

/** Costs as calls have them: whole billionths of a dollar, of up to a thousand dollars. */
const cost = fc.integer({ min: 0, max: 1e12 }).map((parts) => parts / 1e9);

function total(costs: readonly number[]): number | undefined {
  return costs.reduce<number | undefined>(addCost, undefined);
}

describe("sums of costs", () => {
  it("[US2] are the exact sum to a billionth of a dollar, in any order and grouping", () => {
    fc.assert(
      fc.property(fc.array(cost, { minLength: 1, maxLength: 60 }), fc.nat(), (costs, at) => {
        const exact = costs.reduce((sum, one) => sum + Math.round(one * 1e9), 0) / 1e9;
        const cut = at % costs.length;
        expect(total(costs)).toBe(exact);
        expect(total(costs.toReversed())).toBe(exact);
        expect(addCost(total(costs.slice(0, cut)), total(costs.slice(cut)))).toBe(exact);
      }),
    );
  });

  it("[US2] do not keep what binary fractions add", () => {
    expect(0.1 + 0.2).not.toBe(0.3);
    expect(addCost(0.1, 0.2)).toBe(0.3);
    expect(roundedCost(0.000_000_000_4)).toBe(0);
    expect(roundedCost(0.000_000_000_6)).toBe(0.000_000_001);
  });

  it("[US3] are not known while nothing is known", () => {
    expect(addCost(undefined, undefined)).toBeUndefined();
    expect(addCost(undefined, 0)).toBe(0);
    expect(addCost(0.5, undefined)).toBe(0.5);
  });
});

describe("sums of usages", () => {
  it.each<[NodeUsage | undefined, NodeUsage | undefined, NodeUsage | undefined]>([
    [undefined, undefined, undefined],
    [undefined, { calls: 1 }, { calls: 1 }],
    [{ input_tokens: 1 }, undefined, { input_tokens: 1 }],
    [
      { input_tokens: 1, calls: 1 },
      { output_tokens: 2, calls: 1 },
      { input_tokens: 1, output_tokens: 2, calls: 2 },
    ],
    [{ calls: 1, cost_usd: 0.1 }, { calls: 1 }, { calls: 2, cost_usd: 0.1 }],
    [{ cost_usd: 0.1 }, { cost_usd: 0.2 }, { cost_usd: 0.3 }],
  ])("[US3] %j and %j are %j", (sum, add, expected) => {
    expect(addUsage(sum, add)).toStrictEqual(expected);
  });
});
