import { describe, expect, it } from "vitest";
import { decodeCursor, decodeNumberCursor, encodeCursor } from "./list-cursor.ts";

describe("cursors of lists", () => {
  it("come back as the position they were made from", () => {
    const position = { time: 1_790_000_000_123, id: "0193-ü" };
    expect(decodeCursor(encodeCursor(position) ?? undefined)).toEqual(position);
    expect(encodeCursor(null)).toBeNull();
    expect(decodeCursor(undefined)).toBeNull();
  });

  it.each([
    "",
    "x",
    "W10",
    Buffer.from('["1","a"]').toString("base64url"),
    Buffer.from('[-1,"a"]').toString("base64url"),
    Buffer.from('[1.5,"a"]').toString("base64url"),
    Buffer.from('{"__proto__":1}').toString("base64url"),
  ])("refuses %j", (cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(expect.objectContaining({ status: 400, code: "invalid_cursor" }));
  });

  it("reads plain numbers and nothing else", () => {
    expect(decodeNumberCursor("12")).toBe(12);
    expect(decodeNumberCursor(undefined)).toBeNull();
    for (const cursor of ["", "-1", "1e3", "0x10", "9".repeat(20)]) {
      expect(() => decodeNumberCursor(cursor)).toThrow(expect.objectContaining({ code: "invalid_cursor" }));
    }
  });
});
