import { expect, it } from "vitest";
import { Places } from "./places.ts";

it("lets in as many as there are places, and then who has waited longest", async () => {
  const places = new Places(2);
  const inside: number[] = [];
  const enter = (one: number): Promise<number> => places.enter().then(() => inside.push(one));
  const all = [1, 2, 3, 4].map(enter);
  expect(places.waiting).toBe(2);
  await Promise.all(all.slice(0, 2));
  expect(inside).toEqual([1, 2]);
  places.leave();
  await all[2];
  expect(inside).toEqual([1, 2, 3]);
  places.leave();
  await all[3];
  places.leave();
  places.leave();
  await Promise.all([enter(5), enter(6)]);
  expect(inside).toEqual([1, 2, 3, 4, 5, 6]);
});
