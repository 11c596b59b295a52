import { describe, expect, it } from "vitest";
import { cronMatches } from "./cron.ts";

/** A Monday. */
const time = new Date("2026-11-23T14:35:59Z");

describe("cronMatches", () => {
  it.each([
    "* * * * *",
    "*/5 * * * *",
    "35 14 * * *",
    "30-40/5 0-14 * 11 *",
    "1,35 * 23 * *",
    "* * * * 2",
    "5/10 * * * *",
  ])("is true for %s", (cron) => expect(cronMatches(cron, time)).toBe(true));

  it.each(["*/10 * * * *", "35 15 * * *", "* * 24 * *", "* * * 12 *", "* * * * 1", "36-59 * * * *"])(
    "is false for %s",
    (cron) => expect(cronMatches(cron, time)).toBe(false),
  );

  it("takes either day when both are restricted", () => {
    expect(cronMatches("* * 1 * 2", time)).toBe(true);
    expect(cronMatches("* * 23 * 7", time)).toBe(true);
    expect(cronMatches("* * 1 * 7", time)).toBe(false);
  });

  it.each(["* * * *", "60 * * * *", "* * * * MON", "5-1 * * * *", "*/0 * * * *", "* * L * *"])("refuses %s", (cron) =>
    expect(() => cronMatches(cron, time)).toThrow(RangeError),
  );
});
