import { createHash, randomBytes } from "node:crypto";

/** AutoGPT's prefix (autogpt.md §1.3), then 256 random bits in base64url. */
const PREFIX = "agpt_";
const SHAPE = /^agpt_[\w-]{43}$/;
const SHOWN = 8;

export interface NewApiKey {
  /** The key itself: shown once, never stored. */
  token: string;
  head: string;
  tail: string;
  hash: string;
}

export function createApiKey(): NewApiKey {
  const token = PREFIX + randomBytes(32).toString("base64url");
  return { token, head: token.slice(0, SHOWN), tail: token.slice(-SHOWN), hash: hashApiKey(token) };
}

/**
 * SHA-256 without salt or stretching: a token of 256 random bits cannot be guessed, and the look-up must be one indexed
 * read. Comparing digests also hides from timing how much of a wrong token was right.
 */
export function hashApiKey(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Cheap refusal of what cannot be a key, before any look-up. */
export function looksLikeApiKey(token: string): boolean {
  return SHAPE.test(token);
}
