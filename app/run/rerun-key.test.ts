import { expect, it } from "vitest";
import { newRerunKey, RERUN_KEY } from "./rerun-key.ts";

it("a key is of the form that the routes take, and another one each time", () => {
  const keys = Array.from({ length: 100 }, newRerunKey);
  expect(keys.filter((key) => !RERUN_KEY.test(key))).toEqual([]);
  expect(new Set(keys).size).toBe(100);
});
