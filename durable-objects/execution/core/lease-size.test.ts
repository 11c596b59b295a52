import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import { plan } from "./plan.testkit.ts";
import { initialState } from "./state.ts";

const env = { now: 0, random: () => 0, leaseMs: 1_000 };

describe("[BV13] an answer", () => {
  it.each(["pure", "idempotent"] as const)(
    "carries about 8 MB of inputs of %s nodes, and the rest later",
    (effects) => {
      const names = Array.from({ length: 20 }, (_, index) => `in${index}`);
      const inputs = Object.fromEntries(names.map((name) => [name, "x".repeat(1_000_000)]));
      const nodes = names.map(
        (name) => [name, { ui_type: "Input" as const, effects, input_default: { name } }] as const,
      );
      const state = initialState(plan(Object.fromEntries(nodes), []), 0);
      decide(state, { type: "start", inputs }, env);
      const counts: number[] = [];
      for (let left = names.length; left > 0;) {
        const { leased } = decide(state, { type: "lease", pool: "io", max: 100 }, env);
        counts.push(leased.length);
        left -= leased.length;
      }
      expect(counts).toEqual([7, 7, 6]);
    },
  );

  it("carries one that is larger by itself", () => {
    const state = initialState(plan({ a: { ui_type: "Input", input_default: { name: "a" } } }, []), 0);
    decide(state, { type: "start", inputs: { a: "x".repeat(9_000_000) } }, env);
    expect(decide(state, { type: "lease", pool: "io", max: 1 }, env).leased).toHaveLength(1);
  });
});
