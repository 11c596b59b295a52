import { describe, expect, it } from "vitest";
import { WeightedCache } from "./weighted-cache.ts";

describe("WeightedCache", () => {
  it("drops what was used longest ago once the weights pass the bound", () => {
    const cache = new WeightedCache<string>(10);
    cache.set("a", "A", 4);
    cache.set("b", "B", 4);
    expect(cache.get("a")).toBe("A");
    cache.set("c", "C", 4);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual(["A", undefined, "C"]);
  });

  it("counts a replaced value once", () => {
    const cache = new WeightedCache<string>(10);
    for (let turn = 0; turn < 20; turn++) {
      cache.set("a", `A${turn}`, 6);
    }
    cache.set("b", "B", 4);
    expect([cache.get("a"), cache.get("b")]).toEqual(["A19", "B"]);
  });

  it("does not keep what is heavier than everything it may hold, and keeps the rest", () => {
    const cache = new WeightedCache<string>(10);
    cache.set("a", "A", 3);
    cache.set("huge", "H", 11);
    expect([cache.get("a"), cache.get("huge")]).toEqual(["A", undefined]);
  });
});
