import { describe, expect, it } from "vitest";
import { localPath } from "./local-path.ts";

describe("localPath", () => {
  it.each(["/", "/runs?status=FAILED", "/agents/a%20b#x"])("keeps %s", (path) => {
    expect(localPath(path)).toBe(path);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "",
    null,
    undefined,
    7,
  ])("does not lead to %j", (value) => {
    expect(localPath(value)).toBe("/");
  });
});
