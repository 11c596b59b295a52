import { waitUntil } from "cloudflare:workers";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { Database } from "#worker/db/database.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";

/** How long a request trusts another one to write its row; then it writes it itself. */
const TRUST_MS = 2_000;

interface Waiting {
  summary: ExecutionSummary;
  /** `listed`: somebody wrote it. `lead`: it is this one's turn to write what has gathered. Else what went wrong. */
  told: (news: "listed" | "lead" | { error: unknown }) => void;
}

/**
 * Rows for the list of runs, written together while one write is under way. The first that comes writes at once; those that come meanwhile
 * wait, and one of them then writes for all. Every request writes in its own name and under `waitUntil`, so that a caller that hangs up takes
 * nobody's row along; one that waits in vain writes its own.
 */
export class GroupedListing {
  readonly #write: (summaries: readonly ExecutionSummary[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(write: (summaries: readonly ExecutionSummary[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when the row is there. @throws what writing throws */
  async list(summary: ExecutionSummary): Promise<void> {
    if (!this.#busy) {
      return this.#lead([{ summary, told: () => undefined }]);
    }
    const news = await this.#wait(summary);
    if (news === "listed") {
      return;
    }
    if (news === "lead") {
      return this.#lead([{ summary, told: () => undefined }, ...this.#takeAll()]);
    }
    if (news === "in vain") {
      this.#busy = false;
      return this.#write([summary]);
    }
    throw news.error;
  }

  #wait(summary: ExecutionSummary): Promise<"listed" | "lead" | "in vain" | { error: unknown }> {
    return new Promise((resolve) => {
      const entry: Waiting = {
        summary,
        told: (news) => {
          clearTimeout(timer);
          resolve(news);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve("in vain");
      }, TRUST_MS);
      this.#waiting.push(entry);
    });
  }

  #lead(group: Waiting[]): Promise<void> {
    this.#busy = true;
    const work = this.#writeFor(group);
    waitUntil(work.catch(() => undefined));
    return work;
  }

  async #writeFor(group: Waiting[]): Promise<void> {
    try {
      await this.#write(group.map(({ summary }) => summary));
      group.forEach(({ told }) => told("listed"));
    } catch (error) {
      group.forEach(({ told }) => told({ error }));
      throw error;
    } finally {
      const next = this.#waiting.shift();
      this.#busy = next !== undefined;
      next?.told("lead");
    }
  }

  #takeAll(): Waiting[] {
    const all = this.#waiting;
    this.#waiting = [];
    return all;
  }
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
