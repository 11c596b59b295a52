import type { BlockHints } from "#durable-objects/workspace/protocol.ts";

type Hints = Record<string, BlockHints>;

/** How long what is known is taken as it is, ms: figures of blocks move slowly. */
const FRESH_MS = 60_000;
/** After a call that failed, ms. */
const AGAIN_MS = 5_000;
const CAPACITY = 2_000;

interface Page {
  hints: Hints | undefined;
  /** ms since the epoch: nobody asks before. */
  dueAt: number;
}

/** What this isolate knows of how the blocks of each workspace are best run. */
export class HintBook {
  readonly #pages = new Map<string, Page>();

  /** Undefined when nothing is known; the same object until it changes. */
  hints(workspaceId: string): Hints | undefined {
    return this.#pages.get(workspaceId)?.hints;
  }

  /** Whether to ask the workspace now. Whoever is told so asks, and nobody else does meanwhile. */
  claim(workspaceId: string, now: number): boolean {
    const page = this.#pages.get(workspaceId);
    if (page !== undefined && page.dueAt > now) {
      return false;
    }
    this.#write(workspaceId, { hints: page?.hints, dueAt: now + AGAIN_MS });
    return true;
  }

  put(workspaceId: string, hints: Hints, now: number): void {
    const known = this.#pages.get(workspaceId)?.hints;
    const same = JSON.stringify(known) === JSON.stringify(hints);
    this.#write(workspaceId, { hints: same ? known : hints, dueAt: now + FRESH_MS });
  }

  #write(workspaceId: string, page: Page): void {
    if (this.#pages.size >= CAPACITY && !this.#pages.has(workspaceId)) {
      const [oldest] = this.#pages.keys();
      this.#pages.delete(oldest ?? "");
    }
    this.#pages.set(workspaceId, page);
  }
}
