/** Longest time that a server may ask to wait, ms: who asks for more may be asked again all the same. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * How long a server asks to be left alone, ms from `now` (ms since the epoch), at most an hour; undefined when it does not say, or nothing that can be
 * read. `Retry-After` is a number of seconds or an HTTP date (RFC 9110 §10.2.3); providers of models also send `retry-after-ms`, which is finer.
 */
export function retryAfterMs(headers: Pick<Headers, "get">, now: number): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  const candidates = [numberIn(headers.get("retry-after-ms")), numberIn(value) * 1_000, Date.parse(value) - now];
  const found = candidates.find((ms) => Number.isFinite(ms) && ms >= 0);
  return found === undefined ? undefined : Math.min(found, MAX_RETRY_AFTER_MS);
}

function numberIn(text: string | null): number {
  return text === null || text.trim() === "" ? Number.NaN : Number(text);
}
