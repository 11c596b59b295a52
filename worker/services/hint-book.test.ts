import { describe, expect, it } from "vitest";
import { HintBook } from "./hint-book.ts";

describe("what an isolate knows of blocks", () => {
  it("is the same object until it changes", () => {
    const book = new HintBook();
    expect(book.hints("w")).toBeUndefined();
    book.put("w", { b: { lease_ms: 1 } }, 0);
    const before = book.hints("w");
    book.put("w", { b: { lease_ms: 1 } }, 1);
    expect(book.hints("w")).toBe(before);
    book.put("w", { b: { lease_ms: 2 } }, 2);
    expect(book.hints("w")).toEqual({ b: { lease_ms: 2 } });
    expect(book.hints("other")).toBeUndefined();
  });

  it("is asked for by one start at a time, once a minute, and soon again when no answer came", () => {
    const book = new HintBook();
    expect([book.claim("w", 0), book.claim("w", 4_999), book.claim("other", 0)]).toEqual([true, false, true]);
    expect(book.claim("w", 5_000)).toBe(true);
    book.put("w", {}, 6_000);
    expect([book.claim("w", 65_999), book.claim("w", 66_000)]).toEqual([false, true]);
    expect(book.hints("w")).toEqual({});
  });
});
