import { expect, it } from "vitest";
import { judgeKey } from "./idempotency.ts";

const stored = { fingerprint: "f", execution_id: "a", expires_at: 100 };

it("[WI1] [WI2] [WI3] a key is the same run, a conflict, or new again when it has expired", () => {
  expect(judgeKey(undefined, "f", 0)).toBe(null);
  expect(judgeKey(stored, "f", 99)).toEqual({ kind: "repeat", execution_id: "a" });
  expect(judgeKey(stored, "g", 99)).toEqual({ kind: "conflict" });
  expect(judgeKey(stored, "f", 100)).toBe(null);
  expect(judgeKey(stored, "g", 100)).toBe(null);
});
