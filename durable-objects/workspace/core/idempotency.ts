/** How long a key is remembered, ms. */
export const KEY_MS = 24 * 3_600_000;

/** A key that a caller gave when it started a run. */
export interface StoredKey {
  fingerprint: string;
  execution_id: string;
  /** ms since the epoch */
  expires_at: number;
}

/** Rules WI1 to WI4: what a key that comes with a request means. */
export function judgeKey(stored: StoredKey | undefined, fingerprint: string, now: number): "new" | "repeat" | "conflict" {
  if (stored === undefined || stored.expires_at <= now) {
    return "new";
  }
  return stored.fingerprint === fingerprint ? "repeat" : "conflict";
}
