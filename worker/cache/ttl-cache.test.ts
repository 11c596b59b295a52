import { describe, expect, it } from "vitest";
import { TtlCache } from "./ttl-cache.ts";

describe("TtlCache", () => {
  it("keeps a value up to, but not at, the end of its time", () => {
    const cache = new TtlCache<string>({ ttlMs: 10, capacity: 2 });
    cache.set("a", "one", 100);
    expect(cache.get("a", 109)).toBe("one");
    expect(cache.get("a", 110)).toBeUndefined();
    expect(cache.get("a", 100)).toBeUndefined();
  });

  it("does not live longer for being read", () => {
    const cache = new TtlCache<string>({ ttlMs: 10, capacity: 2 });
    cache.set("a", "one", 0);
    expect(cache.get("a", 9)).toBe("one");
    expect(cache.get("a", 11)).toBeUndefined();
  });

  it("drops the oldest when it is full, and what it is told to forget", () => {
    const cache = new TtlCache<number>({ ttlMs: 1_000, capacity: 2 });
    cache.set("a", 1, 0);
    cache.set("b", 2, 1);
    cache.set("a", 3, 2);
    cache.set("c", 4, 3);
    expect([cache.get("a", 4), cache.get("b", 4), cache.get("c", 4)]).toEqual([3, undefined, 4]);
    cache.delete("a");
    expect(cache.get("a", 4)).toBeUndefined();
  });
});
