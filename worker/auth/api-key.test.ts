import { describe, expect, it } from "vitest";
import { createApiKey, hashApiKey, looksLikeApiKey } from "./api-key.ts";

describe("API keys", () => {
  it("have AutoGPT's prefix, 256 random bits and show only their ends", () => {
    const key = createApiKey();
    expect(key.token).toMatch(/^agpt_[\w-]{43}$/);
    expect(key.token.startsWith(key.head)).toBe(true);
    expect(key.token.endsWith(key.tail)).toBe(true);
    expect(key.head.length + key.tail.length).toBe(16);
    expect(createApiKey().token).not.toBe(key.token);
  });

  it("are found again by their hash, which does not hold them", () => {
    const key = createApiKey();
    expect(hashApiKey(key.token)).toBe(key.hash);
    expect(key.hash).not.toContain(key.token.slice(5));
  });

  it("tells a key from other text without looking it up", () => {
    expect(looksLikeApiKey(createApiKey().token)).toBe(true);
    for (const text of [
      "",
      "agpt_",
      "agpt_short",
      `sk_${"a".repeat(43)}`,
      `agpt_${"a".repeat(44)}`,
      `agpt_${"ä".repeat(43)}`,
    ]) {
      expect(looksLikeApiKey(text)).toBe(false);
    }
  });
});
