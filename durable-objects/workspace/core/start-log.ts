/** When runs of throttled agents were started. Rule WA3: at most `limit` starts in any period. */
export class StartLog {
  readonly #starts = new Map<string, number[]>();

  add(agent: string, at: number): void {
    const starts = this.#starts.get(agent);
    if (starts === undefined) {
      this.#starts.set(agent, [at]);
    } else {
      starts.push(at);
    }
  }

  /** When the next start is allowed: `now` or later. */
  nextStart(agent: string, throttle: { limit: number; period_seconds: number }, now: number): number {
    const starts = this.#starts.get(agent) ?? [];
    const blocking = starts.at(-throttle.limit);
    return blocking === undefined ? now : Math.max(now, blocking + throttle.period_seconds * 1_000);
  }

  /** Forgets starts that no longer count; returns the time before which they lie, or null when there are none. */
  prune(agent: string, throttle: { period_seconds: number }, now: number): number | null {
    const starts = this.#starts.get(agent) ?? [];
    const limit = now - throttle.period_seconds * 1_000;
    const kept = starts.findIndex((at) => at > limit);
    if (kept === 0 || starts.length === 0) {
      return null;
    }
    this.#starts.set(agent, kept === -1 ? [] : starts.slice(kept));
    return limit;
  }
}
