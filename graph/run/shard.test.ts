import { validate, v4, v5, v7, version } from "uuid";
import { describe, expect, it } from "vitest";
import { inShard, MAX_SHARDS, shardOf } from "./shard.ts";

describe("shards", () => {
  it("are told by the ids of runs, which stay UUIDs", () => {
    for (let shard = 1; shard < MAX_SHARDS; shard++) {
      const id = inShard(v7(), shard);
      expect(validate(id) && version(id)).toBe(8);
      expect(shardOf(id)).toBe(shard);
    }
  });

  it("leave the ids of shard 0 as they were", () => {
    expect(version(inShard(v7(), 0))).toBe(7);
    expect([v7(), v4(), v5("ne", v7())].map(shardOf)).toEqual([0, 0, 0]);
  });

  it("do not mix up the order of ids", () => {
    const earlier = v7({ msecs: 1_000 });
    const later = v7({ msecs: 1_001 });
    expect(inShard(earlier, 5) < inShard(later, 1)).toBe(true);
  });
});
