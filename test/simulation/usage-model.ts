import type { NodeUsage, RunStats } from "#graph/run/event.ts";
import { must } from "./violation.ts";

/** Cost in billionths of a dollar: whole numbers, whose sums are exact without any rounding. */
export interface Amounts {
  input: number;
  output: number;
  cost: number;
}

export const NOTHING: Amounts = { input: 0, output: 0, cost: 0 };

export function amountsOf(usage: Pick<NodeUsage, "input_tokens" | "output_tokens" | "cost_usd"> | undefined): Amounts {
  const { input_tokens: input = 0, output_tokens: output = 0, cost_usd = 0 } = usage ?? {};
  return { input, output, cost: Math.round(cost_usd * 1e9) };
}

export function sumOf(a: Amounts, b: Amounts): Amounts {
  return { input: a.input + b.input, output: a.output + b.output, cost: a.cost + b.cost };
}

interface Ended {
  type: string;
  ne: string;
  usage?: NodeUsage;
}

/** Adds up what attempts have used, as their ends come into the log, and holds what the log says against it (rules US1, US2, US4, US5). */
export class UsageModel {
  readonly total: Amounts = { ...NOTHING };

  ended(event: Ended, used: Amounts): void {
    const told = amountsOf(event.usage);
    must(
      same(told, used),
      "all-is-counted",
      () => `${event.type} of ${event.ne} says ${JSON.stringify(told)} was used, and it was ${JSON.stringify(used)}`,
    );
    this.total.input += used.input;
    this.total.output += used.output;
    this.total.cost += used.cost;
  }

  /** Rule RU4: what an earlier run has used for it is told, and not counted again. */
  reused(event: Ended & { duration_ms?: number }, used: Amounts): void {
    const told = amountsOf(event.usage);
    must(
      same(told, used) && event.duration_ms === 0,
      "all-is-counted",
      () =>
        `${event.ne} was taken over with ${JSON.stringify(told)} in ${event.duration_ms} ms, not ${JSON.stringify(used)}`,
    );
  }

  /** Nobody knows what it used. */
  nothing(event: Ended): void {
    must(event.usage === undefined, "all-is-counted", () => `${event.ne} was lost, and its usage is known`);
  }

  /** The figures with which the run ends. */
  check(stats: RunStats): void {
    const told = amountsOf(stats);
    const exact = (stats.cost_usd ?? 0) === this.total.cost / 1e9;
    must(
      same(told, this.total) && exact,
      "all-is-counted",
      () => `the run ends with ${JSON.stringify(stats)}, its attempts have used ${JSON.stringify(this.total)}`,
    );
  }
}

function same(a: Amounts, b: Amounts): boolean {
  return a.input === b.input && a.output === b.output && a.cost === b.cost;
}
