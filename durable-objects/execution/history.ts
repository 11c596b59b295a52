import type { LogBatch, LogEvent } from "./core/log-event.ts";
import { presentBatch } from "./present.ts";
import type { EventLookup } from "./present.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { NodeRecord } from "./node-record.ts";
import type { NodeExecutionPage } from "./protocol.ts";
import type { ExecutionStore } from "./store.ts";

/** Decoded batches kept for the references of later events. */
const CACHED_BATCHES = 64;

/** Reads of a run's log. Memory is bounded by the page, not by the log. */
export class History {
  readonly #store: ExecutionStore;
  readonly #plan: Plan;
  #cache: LogBatch[] = [];

  constructor(store: ExecutionStore, plan: Plan) {
    this.#store = store;
    this.#plan = plan;
  }

  /** Up to `limit` events after `after`, as callers see them. */
  events(after: number, limit: number): ExecutionEvent[] {
    const events: ExecutionEvent[] = [];
    for (const batch of this.#store.batches(after)) {
      this.remember(batch);
      for (const event of presentBatch(batch, this.#plan, this.#lookup)) {
        if (event.seq > after) {
          events.push(event);
        }
      }
      if (events.length >= limit) {
        break;
      }
    }
    return events.slice(0, limit);
  }

  /** The events of a batch that was just committed, without reading it back. */
  present(batch: LogBatch): ExecutionEvent[] {
    this.remember(batch);
    return presentBatch(batch, this.#plan, this.#lookup);
  }

  remember(batch: LogBatch): void {
    if (this.#cache.some(({ first_seq }) => first_seq === batch.first_seq)) {
      return;
    }
    this.#cache.push(batch);
    if (this.#cache.length > CACHED_BATCHES) {
      this.#cache.shift();
    }
  }

  /** The whole log, event by event, with a way to what the events refer to. */
  *logged(): Generator<{ seq: number; at: number; event: LogEvent; lookup: EventLookup }> {
    for (const batch of this.#store.batches(0)) {
      const lookup: EventLookup = (seq) => batch.events[seq - batch.first_seq] ?? this.#lookup(seq);
      for (const [offset, event] of batch.events.entries()) {
        yield { seq: batch.first_seq + offset, at: batch.at, event, lookup };
      }
    }
  }

  /** Node executions in the order in which they were queued; `cursor` is the seq of the last one's `node_queued`. */
  nodeExecutions(cursor: string | null, limit: number): NodeExecutionPage {
    const after = cursor === null ? 0 : Number.parseInt(cursor, 10) || 0;
    const items = new Map<string, NodeRecord>();
    let last = after;
    let more = false;
    for (const { seq, at, event, lookup } of this.logged()) {
      if (event.type === "node_queued" && seq > after) {
        if (items.size < limit) {
          items.set(event.ne, new NodeRecord(this.#plan, event.ne, event.node));
          last = seq;
        } else {
          more = true;
        }
      }
      if ("ne" in event) {
        items.get(event.ne)?.add(event, at, lookup);
      }
    }
    return { items: [...items.values()].map(({ view }) => view), next_cursor: more ? String(last) : null };
  }

  /** The event with a seq, and when it was. */
  loggedAt(seq: number): { event: LogEvent; at: number } | undefined {
    const batch = this.#batchWith(seq);
    const event = batch?.events[seq - batch.first_seq];
    return batch === undefined || event === undefined ? undefined : { event, at: batch.at };
  }

  readonly #lookup: EventLookup = (seq) => this.loggedAt(seq)?.event;

  #batchWith(seq: number): LogBatch | undefined {
    let batch = this.#cache.find(({ first_seq, events }) => first_seq <= seq && seq < first_seq + events.length);
    if (batch === undefined) {
      batch = this.#store.batchWith(seq);
      if (batch !== undefined) {
        this.remember(batch);
      }
    }
    return batch;
  }
}
