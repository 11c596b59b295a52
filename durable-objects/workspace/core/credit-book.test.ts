import { describe, expect, it } from "vitest";
import { BOOKED_MS, CREDIT_MS, CreditBook } from "./credit-book.ts";

describe("leave to start without asking", () => {
  it("[WC1] is for a number of starts and five seconds", () => {
    expect(new CreditBook().grant(1_000, 100)).toEqual({ count: 250, expires_at: 100 + CREDIT_MS });
    expect(new CreditBook().grant(1_000_000, 0).count).toBe(256);
  });

  it("[WC2] is never more than a quarter of what is left, and in a second never more than the room", () => {
    const book = new CreditBook();
    let granted = 0;
    for (let isolate = 0; isolate < 100; isolate += 1) {
      const { count } = book.grant(1_000, isolate);
      expect(count).toBeLessThanOrEqual((1_000 - granted) / 4);
      granted += count;
    }
    expect(granted).toBeLessThanOrEqual(1_000);
    expect(granted).toBeGreaterThan(900);
    expect(book.grant(1_000, 200).count).toBe(0);
    expect(book.grant(1_000, 99 + BOOKED_MS).count).toBe(250);
  });

  it("[WC3] is refused without room", () => {
    const book = new CreditBook();
    expect(book.grant(0, 0).count).toBe(0);
    expect(book.grant(3, 0).count).toBe(0);
    expect([book.take(2, 0), book.take(2, 0), book.take(2, 0)]).toEqual([true, true, false]);
    expect(book.take(2, BOOKED_MS)).toBe(true);
  });
});
