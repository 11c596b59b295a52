import { describe, expect, it } from "vitest";
import { isSameOrigin, needsSameOrigin } from "./same-origin.ts";

const URL_HERE = "https://weft.example/api/v1/graphs";

describe("isSameOrigin", () => {
  it.each([
    ["https://weft.example", true],
    ["http://weft.example", true],
    ["https://evil.example", false],
    ["https://weft.example.evil.example", false],
    ["https://evil.example/?https://weft.example", false],
    ["https://weft.example:8443", false],
    ["null", false],
    ["", false],
  ])("origin %j: %s", (origin, expected) => {
    expect(isSameOrigin(new Request(URL_HERE, { method: "POST", headers: { origin } }))).toBe(expected);
  });

  it("refuses a request without the header", () => {
    expect(isSameOrigin(new Request(URL_HERE, { method: "POST" }))).toBe(false);
  });
});

describe("needsSameOrigin", () => {
  it.each(["POST", "PUT", "PATCH", "DELETE"])("%s changes something", (method) => {
    expect(needsSameOrigin(new Request(URL_HERE, { method }))).toBe(true);
  });

  it("reading does not, a WebSocket does", () => {
    expect(needsSameOrigin(new Request(URL_HERE))).toBe(false);
    expect(needsSameOrigin(new Request(URL_HERE, { method: "HEAD" }))).toBe(false);
    expect(needsSameOrigin(new Request(URL_HERE, { headers: { upgrade: "websocket" } }))).toBe(true);
  });
});
