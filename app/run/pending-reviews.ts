import type { ExecutionEvent } from "#graph/run/event.ts";
import type { AppReview } from "#worker/contracts/app-context.ts";

/**
 * What people are asked for in a run, as its events tell it: all of it, where the view of a node keeps its last few executions only. The
 * list is the same object until it changes.
 */
export class PendingReviews {
  readonly #pending = new Map<string, AppReview>();
  #list: readonly AppReview[] = [];
  #changed = false;

  add(event: ExecutionEvent): void {
    switch (event.type) {
      case "node_waiting":
        if (event.kind === "review") {
          this.#pending.set(event.node_execution_id, {
            review_id: event.node_execution_id,
            node_id: event.node_id,
            payload: event.payload,
            asked_at: event.at,
            until: event.until,
          });
          this.#changed = true;
        }
        return;
      case "node_resumed":
      case "node_completed":
      case "node_failed":
      case "node_terminated":
        this.#changed = this.#pending.delete(event.node_execution_id) || this.#changed;
        return;
      case "execution_completed":
      case "execution_failed":
      case "execution_terminated":
        this.#changed ||= this.#pending.size > 0;
        this.#pending.clear();
        return;
      default:
    }
  }

  /** Oldest first. */
  list(): readonly AppReview[] {
    if (this.#changed) {
      this.#changed = false;
      this.#list = [...this.#pending.values()];
    }
    return this.#list;
  }
}
