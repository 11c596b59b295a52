import { v5 as uuidv5, v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import { sortKeyOf, timeKey } from "./sort-key.ts";

const NOW = 1_790_000_000_123;

describe("the key that runs are sorted by", () => {
  it("is the id where that has the time, and has the time before the id where not", () => {
    const timed = uuidv7({ msecs: NOW });
    const child = uuidv5("n1", timed);
    expect(sortKeyOf({ id: timed, createdAt: 1 })).toBe(timed);
    expect(sortKeyOf({ id: child, createdAt: NOW })).toBe(timed.slice(0, 14) + child);
    expect(timed.startsWith(timeKey(NOW))).toBe(true);
  });

  it("stands in the order of time for both kinds of ids", () => {
    const ids = [uuidv7({ msecs: NOW }), uuidv5("n1", uuidv7())];
    for (const id of ids) {
      const of = (time: number): string => (id === ids[0] ? uuidv7({ msecs: time }) : id);
      const keys = [0, 1, NOW - 1, NOW, NOW + 1, NOW + 65_536].map((time) =>
        sortKeyOf({ id: of(time), createdAt: time }),
      );
      expect(keys.toSorted()).toEqual(keys);
      expect((keys[3] ?? "") >= timeKey(NOW) && (keys[3] ?? "") < timeKey(NOW + 1)).toBe(true);
    }
  });

  it("has a first and a last time", () => {
    expect([timeKey(-1), timeKey(0), timeKey(1e300)]).toEqual(["00000000-0000-", "00000000-0000-", "ffffffff-ffff-"]);
  });
});
