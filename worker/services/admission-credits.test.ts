import { describe, expect, it } from "vitest";
import { StartCredits } from "./admission-credits.ts";

const grant = (count: number, expires_at: number) => ({ count, expires_at });
const takes = (credits: StartCredits, count: number, now: number): string[] =>
  Array.from({ length: count }, () => credits.take("w", now));

describe("leave to start, in an isolate", () => {
  it("[WC1] an unknown workspace gets the benefit of the doubt for a few starts, and is asked once", () => {
    const credits = new StartCredits();
    const verdicts = takes(credits, 40, 0);
    expect(verdicts.slice(0, 3)).toEqual(["renew", "start", "start"]);
    expect(verdicts.filter((verdict) => verdict === "renew")).toHaveLength(1);
    expect(verdicts.slice(32)).toEqual(Array.from({ length: 8 }, () => "ask"));
  });

  it("[WC1] is used up, and renewed before that", () => {
    const credits = new StartCredits();
    credits.put("w", grant(8, 1_000));
    expect(takes(credits, 9, 0)).toEqual([
      "start",
      "start",
      "start",
      "start",
      "start",
      "start",
      "renew",
      "start",
      "ask",
    ]);
    credits.put("w", grant(4, 2_000));
    expect(credits.take("w", 1_500)).toBe("start");
  });

  it("[WC1] lapses; the next start goes ahead and fetches new leave", () => {
    const credits = new StartCredits();
    credits.put("w", grant(100, 1_000));
    expect(credits.take("w", 999)).toBe("start");
    expect(takes(credits, 2, 1_000)).toEqual(["renew", "start"]);
  });

  it("[WC3] a workspace that granted nothing is asked every time, until it grants something", () => {
    const credits = new StartCredits();
    credits.put("w", grant(0, 1_000));
    expect([credits.take("w", 0), credits.take("w", 5_000)]).toEqual(["ask", "ask"]);
    credits.put("w", grant(2, 10_000));
    expect(credits.take("w", 6_000)).toBe("start");
    expect(credits.take("other", 0)).toBe("renew");
  });

  it("a workspace that does not answer is tried again with the next start", () => {
    const credits = new StartCredits();
    expect(credits.take("w", 0)).toBe("renew");
    credits.put("w", undefined);
    expect(credits.take("w", 0)).toBe("renew");
  });
});
