import { describe, expect, it } from "vitest";
import { callbackToken, readCallbackToken } from "./callback-token.ts";

const SECRET = "a secret that is long enough to be one";
const target = { executionId: "01a205b3-f7f9-739f-b0d3-42ad923659a6", nodeExecutionId: "n12" };

describe("tokens of callbacks", () => {
  it("[WT7] lead back to the wait that they were made for, and are the same each time", () => {
    const token = callbackToken(SECRET, target);
    expect(callbackToken(SECRET, target)).toBe(token);
    expect(readCallbackToken(SECRET, token)).toEqual(target);
  });

  it("[WT7] cannot be made up, changed, or taken from another deployment", () => {
    const token = callbackToken(SECRET, target);
    const wrong = [
      "",
      "x",
      token.slice(0, -1),
      `${token}A`,
      token.replace("n12", "n13"),
      token.replace("01a2", "01a3"),
      `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`,
      callbackToken("another secret of the same length, or so", target),
      `../${token}`,
    ];
    for (const other of wrong) {
      expect(readCallbackToken(SECRET, other), other).toBeNull();
    }
  });
});
