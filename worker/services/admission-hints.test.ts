import { describe, expect, it } from "vitest";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { tunePlan } from "./admission-hints.ts";

const LEASE = { lease_ms: 10_000 };

describe("a plan tuned by what its blocks took", () => {
  it("is itself where nothing is known", () => {
    const of = plan({ a: { block_id: "x" } }, []);
    expect(tunePlan(of, undefined)).toBe(of);
    expect(tunePlan(of, {})).toBe(of);
  });

  it("moves only work of the common pool, and to the cpu pool only what just computes", () => {
    const of = plan(
      {
        pure: { block_id: "slow" },
        io: { block_id: "slow", effects: "idempotent" },
        large: { block_id: "large", effects: "idempotent" },
        own: { block_id: "large", pool: "cpu" },
      },
      [],
    );
    const hints = { slow: { pool: "cpu" }, large: { pool: "memory" } } as const;
    expect(tunePlan(of, hints).nodes.map(({ pool }) => pool)).toEqual(["cpu", "io", "memory", "cpu"]);
    expect(of.nodes.map(({ pool }) => pool)).toEqual(["io", "io", "io", "cpu"]);
  });

  it("[WP5] shortens leases when all blocks are known and none is lost for good", () => {
    const known = { a: LEASE, b: { lease_ms: 20_000 } };
    expect(tunePlan(plan({ x: { block_id: "a" }, y: { block_id: "b" } }, []), known).lease_ms).toBe(20_000);
    expect(tunePlan(plan({ x: { block_id: "a" }, y: { block_id: "unknown" } }, []), known).lease_ms).toBeUndefined();
    const once = plan({ x: { block_id: "a" }, y: { block_id: "b", effects: "once" } }, []);
    expect(tunePlan(once, known).lease_ms).toBeUndefined();
  });

  it("puts more work in a message when every effectful block is quick", () => {
    const of = plan(
      {
        a: { block_id: "a", effects: "idempotent" },
        b: { block_id: "b", effects: "idempotent" },
        c: { block_id: "pure" },
      },
      [],
    );
    expect(tunePlan(of, { a: { per_message: 50 }, b: { per_message: 10 } }).per_message).toBe(10);
    expect(tunePlan(of, { a: { per_message: 50 } }).per_message).toBeUndefined();
  });

  it("is made once for the same hints, and a block's name is no key of Object.prototype", () => {
    const of = plan({ a: { block_id: "constructor" }, b: { block_id: "a" } }, []);
    const hints = { a: LEASE };
    expect(tunePlan(of, hints)).toBe(tunePlan(of, hints));
    expect(tunePlan(of, hints).lease_ms).toBeUndefined();
  });
});
