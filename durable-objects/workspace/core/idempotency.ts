import type { BeginAnswer } from "../protocol.ts";

/** How long a key is remembered, ms. */
export const KEY_MS = 24 * 3_600_000;

/** A key that a caller gave when it started a run. */
export interface StoredKey {
  fingerprint: string;
  execution_id: string;
  /** ms since the epoch */
  expires_at: number;
}

export type KnownKey = Extract<BeginAnswer, { kind: "repeat" | "conflict" }>;

/** Rules WI1 to WI3: what a key that comes with a request stands for; null when it is new. */
export function judgeKey(stored: StoredKey | undefined, fingerprint: string, now: number): KnownKey | null {
  if (stored === undefined || stored.expires_at <= now) {
    return null;
  }
  return stored.fingerprint === fingerprint
    ? { kind: "repeat", execution_id: stored.execution_id }
    : { kind: "conflict" };
}
