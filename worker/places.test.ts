import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Places } from "./places.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

const settle = (): Promise<void> => new Promise((done) => void setImmediate(done));

/** Who is let in, in order, with what each gives its place back by. */
function crowd(places: Places): {
  inside: number[];
  leave: (one: number) => void;
  come: (one: number, party?: string) => Promise<void>;
} {
  const inside: number[] = [];
  const leaves = new Map<number, () => void>();
  return {
    inside,
    leave: (one) => leaves.get(one)?.(),
    come: async (one, party) => {
      leaves.set(one, await places.enter(party));
      inside.push(one);
    },
  };
}

describe("places", () => {
  it("are given to whoever comes while there are some, and then to who has waited longest", async () => {
    const places = new Places({ most: 2, mostMs: 60_000 });
    const { inside, leave, come } = crowd(places);
    const all = [1, 2, 3, 4].map((one) => come(one));
    await settle();
    expect(inside).toEqual([1, 2]);
    expect(places.waiting()).toBe(2);
    leave(1);
    leave(1);
    await settle();
    expect(inside).toEqual([1, 2, 3]);
    leave(2);
    leave(3);
    await Promise.all(all);
    expect(inside).toEqual([1, 2, 3, 4]);
    expect(places.waiting()).toBe(0);
    await come(5);
    expect(inside).toEqual([1, 2, 3, 4, 5]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("go to the parties that wait in turn, and within one to who has waited longest", async () => {
    const places = new Places({ most: 1, mostMs: 60_000 });
    const { inside, leave, come } = crowd(places);
    const all = [come(1, "a"), come(2, "a"), come(3, "a"), come(4, "b"), come(5, "a"), come(6, "c"), come(7, "b")];
    await settle();
    expect([places.waiting("a"), places.waiting("b"), places.waiting("c"), places.waiting()]).toEqual([3, 2, 1, 0]);
    for (const one of [1, 2, 4, 6, 3, 7]) {
      leave(one);
      await settle();
    }
    await Promise.all(all);
    expect(inside).toEqual([1, 2, 4, 6, 3, 7, 5]);
    leave(5);
    await come(8, "a");
    expect(places.waiting("a")).toBe(0);
  });

  it("are not taken by who comes between a call and the one who was called", async () => {
    const places = new Places({ most: 1, mostMs: 60_000 });
    const { inside, leave, come } = crowd(places);
    await come(1);
    const second = come(2);
    await settle();
    leave(1);
    const third = come(3);
    await settle();
    expect(inside).toEqual([1, 2]);
    leave(2);
    await Promise.all([second, third]);
    expect(inside).toEqual([1, 2, 3]);
  });

  it("come free when who has one died with it", async () => {
    const places = new Places({ most: 1, mostMs: 7_000 });
    const { inside, come } = crowd(places);
    await come(1);
    const all = [2, 3].map((one) => come(one));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(inside).toEqual([1]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(inside).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(all);
    expect(inside).toEqual([1, 2, 3]);
    expect(places.waiting()).toBe(0);
  });

  it("come free when who was called for one had died", async () => {
    const places = new Places({ most: 1, mostMs: 7_000 });
    const { inside, leave, come } = crowd(places);
    await come(1);
    void come(2);
    void come(3);
    await settle();
    leave(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(inside).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(inside).toEqual([1, 2, 3]);
    expect(places.waiting()).toBe(0);
  });

  it("keep a timer for each who waits, without which the runtime would end its request", async () => {
    const places = new Places({ most: 1, mostMs: 60_000 });
    const { come } = crowd(places);
    await come(1);
    void come(2);
    void come(3);
    await settle();
    expect(vi.getTimerCount()).toBe(2);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(vi.getTimerCount()).toBe(2);
  });
});
