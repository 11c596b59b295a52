import type { ExecutionEvent } from "#graph/run/event.ts";
import { foldEvents, RunViewBuilder } from "#graph/run/fold-events.ts";
import { emptyRunView, type RunView, type ViewLink } from "#graph/run/run-view.ts";
import type { AppReview } from "#worker/contracts/app-context.ts";
import type { ConnectionState } from "./event-connection.ts";
import { PendingReviews } from "./pending-reviews.ts";

/** Events kept to step back through; of a longer run the first ones are not kept and stepping is off. */
export const MAX_KEPT_EVENTS = 50_000;

export interface LiveRunOptions {
  links: readonly ViewLink[];
  /** Asks to be called when it is time to show what has come in: once a frame in the page, by hand in tests. */
  schedule(flush: () => void): void;
}

/**
 * The live state of one run: every event folded into one view, handed to React once a frame however many events came. Snapshots share
 * what did not change, so a node's component is rendered again only when something happened to that node. The graph's elements know
 * nothing of it.
 */
export class LiveRunStore {
  readonly #options: LiveRunOptions;
  readonly #builder: RunViewBuilder;
  readonly #events: ExecutionEvent[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #pendingReviews = new PendingReviews();
  #reviews: readonly AppReview[] = [];
  #view: RunView = emptyRunView();
  #connection: ConnectionState = { kind: "idle" };
  /** Shown instead of the newest state while somebody steps through the run. */
  #past: { view: RunView; position: number } | null = null;
  #scheduled = false;

  constructor(options: LiveRunOptions) {
    this.#options = options;
    this.#builder = new RunViewBuilder(options.links);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  view(): RunView {
    return this.#past?.view ?? this.#view;
  }

  /** The newest state, whatever is shown. */
  latest(): RunView {
    return this.#view;
  }

  /** What people are asked for now, whatever is shown; oldest first. */
  reviews(): readonly AppReview[] {
    return this.#reviews;
  }

  connection(): ConnectionState {
    return this.#connection;
  }

  /** Number of events folded into what is shown. */
  position(): number {
    return this.#past?.position ?? this.#view.last_seq;
  }

  steppable(): boolean {
    return this.#events.length === this.#view.last_seq && this.#view.last_seq > 0;
  }

  push(event: ExecutionEvent): void {
    if (this.#builder.add(event)) {
      this.#pendingReviews.add(event);
      if (this.#events.length < MAX_KEPT_EVENTS) {
        this.#events.push(event);
      }
      this.#requestFlush();
    }
  }

  setConnection(state: ConnectionState): void {
    this.#connection = state;
    this.#requestFlush();
  }

  /** Shows the run as it was after its first `position` events; null shows the newest state again. */
  seek(position: number | null): void {
    if (position === null || position >= this.#view.last_seq) {
      this.#past = null;
    } else if (this.steppable()) {
      const { links } = this.#options;
      this.#past = { view: foldEvents(emptyRunView(), this.#events.slice(0, position), links), position };
    }
    this.#emit();
  }

  #requestFlush(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#options.schedule(() => {
        this.#scheduled = false;
        this.#view = this.#builder.snapshot();
        this.#reviews = this.#pendingReviews.list();
        this.#emit();
      });
    }
  }

  #emit(): void {
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
