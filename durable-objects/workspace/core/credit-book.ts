/** How long a grant may be used, ms. */
export const CREDIT_MS = 5_000;

/** How long what was granted counts as used, ms: until runs started with it show in the running count, if they live that long. */
export const BOOKED_MS = 1_000;

const MAX_GRANT = 256;
/** A grant takes no more than this share of the room that is left, so that several isolates get one each. */
const SHARE = 1 / 4;

/** Leave given to start runs without asking. Rules WC1 to WC3. */
export class CreditBook {
  #grants: { count: number; bookedUntil: number }[] = [];

  /** Starts that may have happened and are not counted yet. */
  outstanding(now: number): number {
    this.#grants = this.#grants.filter(({ bookedUntil }) => bookedUntil > now);
    return this.#grants.reduce((sum, { count }) => sum + count, 0);
  }

  /** Leave for one start, if there is room. */
  take(room: number, now: number): boolean {
    if (room <= this.outstanding(now)) {
      return false;
    }
    this.#book(1, now);
    return true;
  }

  /** Leave for some starts; for none when there is no room. */
  grant(room: number, now: number): { count: number; expires_at: number } {
    const free = room - this.outstanding(now);
    const count = Math.max(0, Math.min(MAX_GRANT, Math.floor(free * SHARE)));
    if (count > 0) {
      this.#book(count, now);
    }
    return { count, expires_at: now + CREDIT_MS };
  }

  #book(count: number, now: number): void {
    this.#grants.push({ count, bookedUntil: now + BOOKED_MS });
  }
}
