import { expect, it } from "vitest";
import { mayRetry } from "./may-retry.ts";

it("a run can be retried when it is over and something in it did not complete", () => {
  for (const status of ["INCOMPLETE", "QUEUED", "RUNNING", "REVIEW"] as const) {
    expect(mayRetry(status, { node_error_count: 1 })).toBe(false);
  }
  expect(mayRetry("FAILED", { node_error_count: 1 })).toBe(true);
  expect(mayRetry("TERMINATED", null)).toBe(true);
  expect(mayRetry("COMPLETED", { node_error_count: 0 })).toBe(false);
  expect(mayRetry("COMPLETED", { node_error_count: 1 })).toBe(true);
  expect(mayRetry("COMPLETED", null)).toBe(false);
});
