import { expect, it } from "vitest";
import { ownShard } from "./env.ts";

it("begins runs of shard 0 unless it is told of another one that there can be", () => {
  expect([undefined, "0", "1", "31"].map((WEFT_SHARD) => ownShard({ WEFT_SHARD }))).toEqual([0, 0, 1, 31]);
  expect(["32", "-1", "1.5", "two", ""].map((WEFT_SHARD) => ownShard({ WEFT_SHARD }))).toEqual([0, 0, 0, 0, 0]);
});
