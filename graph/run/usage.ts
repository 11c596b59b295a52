import type { NodeUsage } from "./event.ts";

/** Costs are whole billionths of a dollar: finer than the price of one token, and sums stay exact up to millions of dollars. */
const PARTS_OF_A_DOLLAR = 1e9;

const COUNTS = ["input_tokens", "output_tokens", "calls"] as const;

/** An amount of US dollars to a billionth. */
export function roundedCost(dollars: number): number {
  return Math.round(dollars * PARTS_OF_A_DOLLAR) / PARTS_OF_A_DOLLAR;
}

/**
 * The sum of two costs in US dollars, undefined only when neither is known. Rounded at every addition: sums of dollars in binary fractions would
 * depend on their order, and a replica, a replay and a snapshot must all come to the same.
 */
export function addCost(sum: number | undefined, add: number | undefined): number | undefined {
  return sum === undefined && add === undefined ? undefined : roundedCost((sum ?? 0) + (add ?? 0));
}

/** The sum of two usages. What neither has, the sum does not have: not known is not zero. */
export function addUsage(sum: NodeUsage | undefined, add: NodeUsage | undefined): NodeUsage | undefined {
  if (sum === undefined || add === undefined) {
    return sum ?? add;
  }
  const total: NodeUsage = {};
  for (const name of COUNTS) {
    if (sum[name] !== undefined || add[name] !== undefined) {
      total[name] = (sum[name] ?? 0) + (add[name] ?? 0);
    }
  }
  const cost = addCost(sum.cost_usd, add.cost_usd);
  return cost === undefined ? total : { ...total, cost_usd: cost };
}

/** What is kept of a usage in an event: nothing when nothing was counted. */
export function usagePart(usage: NodeUsage | undefined): { usage?: NodeUsage } {
  return usage === undefined ? {} : { usage };
}
