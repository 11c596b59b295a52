import { APIError } from "openai";
import { describe, expect, it } from "vitest";
import { modelError, redact } from "./model-error.ts";

const endpoint = { name: "The model", apiKey: "canary-key-123", baseUrl: undefined, fetch };

describe("modelError", () => {
  it.each([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after-ms": "250", "retry-after": "3" }, 250],
    [{ "retry-after": "99999999" }, 3_600_000],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{}, undefined],
  ])("reads %j as %s ms", (headers, expected) => {
    const error = new APIError(429, { message: "slow" }, undefined, new Headers(headers as Record<string, string>));
    expect(modelError(error, endpoint).retryAfterMs).toBe(expected);
  });

  it("reads a date", () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const error = new APIError(503, { message: "slow" }, undefined, new Headers({ "retry-after": at }));
    const { retryAfterMs } = modelError(error, endpoint);
    expect(retryAfterMs).toBeGreaterThan(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("keeps a long text short", () => {
    const error = new APIError(400, { message: "x".repeat(100_000) }, undefined, new Headers());
    expect(modelError(error, endpoint).message.length).toBeLessThan(700);
  });

  it("takes anything that is thrown", () => {
    for (const thrown of [undefined, null, "text", 7, {}, new Error("canary-key-123 leaked")]) {
      const error = modelError(thrown, endpoint);
      expect(error.code).toBe("model_unavailable");
      expect(error.message).not.toContain("canary");
    }
  });
});

describe("redact", () => {
  it("cuts out the key and whatever looks like one", () => {
    expect(redact("key canary-key-123 bad", "canary-key-123")).toBe("key [redacted] bad");
    expect(redact("Incorrect API key provided: sk-proj-ab***********yz.", "")).toBe(
      "Incorrect API key provided: [redacted]",
    );
    expect(redact("Authorization: Bearer abc.def", "")).toBe("Authorization: Bearer [redacted]");
    expect(redact("the task-list and sk8", "")).toBe("the task-list and sk8");
  });

  it("does not tear a text apart for a short key", () => {
    expect(redact("a banana", "a")).toBe("a banana");
  });
});
