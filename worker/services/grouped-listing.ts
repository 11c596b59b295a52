import { waitUntil } from "cloudflare:workers";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { Database } from "#worker/db/database.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";

/** How long a request trusts another one to write its row; then it writes it itself. */
const TRUST_MS = 2_000;

/** How long a row waits at most for others to be written with, where others have come lately: a part of what its run took, ms. */
const GATHER = { part: 1 / 5, least: 20, most: 100 };

interface Waiting {
  summary: ExecutionSummary;
  /** `listed`: somebody wrote it. `lead`: it is this one's turn to write what has gathered. Else what went wrong. */
  told: (news: "listed" | "lead" | { error: unknown }) => void;
}

/**
 * Rows for the list of runs, written together. One that comes alone is written at once; while others come, as the last groups show, rows wait a moment for as many as
 * came lately: a write of several costs the database hardly more than a write of one. Those that come during a write wait for the next, which one of them makes for all.
 * Every request writes in its own name and under `waitUntil`, so that a caller that hangs up takes nobody's row along; one that waits in vain writes its own.
 */
export class GroupedListing {
  readonly #write: (summaries: readonly ExecutionSummary[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #busy = false;
  /** About the size of the largest of the last groups. */
  #usual = 1;
  /** Ends the wait for others. */
  #complete: (() => void) | null = null;

  constructor(write: (summaries: readonly ExecutionSummary[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when the row is there. @throws what writing throws */
  async list(summary: ExecutionSummary): Promise<void> {
    if (!this.#busy) {
      return this.#lead(summary);
    }
    const news = await this.#wait(summary);
    if (news === "listed") {
      return;
    }
    if (news === "lead") {
      return this.#lead(summary);
    }
    if (news === "in vain") {
      this.#busy = false;
      return this.#write([summary]);
    }
    throw news.error;
  }

  async #wait(summary: ExecutionSummary): Promise<"listed" | "lead" | "in vain" | { error: unknown }> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const news = new Promise<"listed" | "lead" | "in vain" | { error: unknown }>((resolve) => {
      const entry: Waiting = { summary, told: resolve };
      timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve("in vain");
      }, TRUST_MS);
      this.#waiting.push(entry);
    });
    if (1 + this.#waiting.length >= this.#usual) {
      this.#complete?.();
    }
    try {
      return await news;
    } finally {
      clearTimeout(timer);
    }
  }

  #lead(summary: ExecutionSummary): Promise<void> {
    this.#busy = true;
    const work = this.#gatherAndWrite(summary);
    waitUntil(work.catch(() => undefined));
    return work;
  }

  async #gatherAndWrite(summary: ExecutionSummary): Promise<void> {
    if (1 + this.#waiting.length < this.#usual) {
      await this.#gather(summary);
    }
    const others = this.#waiting;
    this.#waiting = [];
    try {
      await this.#write([summary, ...others.map((other) => other.summary)]);
      others.forEach(({ told }) => told("listed"));
    } catch (error) {
      others.forEach(({ told }) => told({ error }));
      throw error;
    } finally {
      // Whoever has come meanwhile will not be alone next time.
      const size = 1 + others.length + Math.sign(this.#waiting.length);
      this.#usual = Math.max(size, size === 1 ? Math.floor(this.#usual / 2) : this.#usual - 1);
      const next = this.#waiting.shift();
      this.#busy = next !== undefined;
      next?.told("lead");
    }
  }

  async #gather(summary: ExecutionSummary): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, gatherMs(summary));
      this.#complete = resolve;
    });
    this.#complete = null;
    clearTimeout(timer);
  }
}

function gatherMs({ started_at, ended_at }: ExecutionSummary): number {
  const took = started_at === null || ended_at === null ? 0 : ended_at - started_at;
  return Math.min(Math.max(took * GATHER.part, GATHER.least), GATHER.most);
}

/** One a database, for all requests of this isolate. */
const listings = new WeakMap<Database, GroupedListing>();

export function listingOf(db: Database): GroupedListing {
  let listing = listings.get(db);
  if (listing === undefined) {
    listing = new GroupedListing((summaries) => applyExecutionSummaries(db, summaries));
    listings.set(db, listing);
  }
  return listing;
}
