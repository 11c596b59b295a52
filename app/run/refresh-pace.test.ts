import { describe, expect, it } from "vitest";
import { nextDelay } from "./refresh-pace.ts";

function requestsWithin(ms: number, busy: boolean): number {
  let requests = 0;
  let delay = nextDelay(null, busy);
  for (let time = delay; time <= ms; time += delay) {
    requests += 1;
    delay = nextDelay(delay, busy);
  }
  return requests;
}

describe("nextDelay", () => {
  it("asks often at first, and sooner while something runs", () => {
    expect(nextDelay(null, true)).toBe(2_000);
    expect(nextDelay(null, false)).toBe(6_000);
    expect(requestsWithin(10_000, true)).toBeGreaterThanOrEqual(3);
  });

  it("asks about twice a minute where nothing has changed for long", () => {
    expect(requestsWithin(3_600_000, true)).toBeLessThan(140);
    expect(nextDelay(30_000, true)).toBe(30_000);
  });
});
