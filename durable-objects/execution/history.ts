import type { LogBatch, LogEvent } from "./core/log-event.ts";
import { presentBatch, queuedInput } from "./core/present.ts";
import type { EventLookup } from "./core/present.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeExecutionPage, NodeExecutionView } from "./protocol.ts";
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

  /** Node executions in the order in which they were queued; `cursor` is the seq of the last one's `node_queued`. */
  nodeExecutions(cursor: string | null, limit: number): NodeExecutionPage {
    const after = cursor === null ? 0 : Number.parseInt(cursor, 10) || 0;
    const items = new Map<string, NodeExecutionView>();
    let last = after;
    let more = false;
    for (const batch of this.#store.batches(0)) {
      for (const [offset, event] of batch.events.entries()) {
        const seq = batch.first_seq + offset;
        if (event.type === "node_queued" && seq > after) {
          if (items.size < limit) {
            items.set(event.ne, this.#queued(event, batch));
            last = seq;
          } else {
            more = true;
          }
        } else if ("ne" in event) {
          addTo(items.get(event.ne), event, batch.at);
        }
      }
    }
    return { items: [...items.values()], next_cursor: more ? String(last) : null };
  }

  readonly #lookup: EventLookup = (seq) => {
    let batch = this.#cache.find(({ first_seq, events }) => first_seq <= seq && seq < first_seq + events.length);
    if (batch === undefined) {
      batch = this.#store.batchWith(seq);
      if (batch !== undefined) {
        this.remember(batch);
      }
    }
    return batch?.events[seq - batch.first_seq];
  };

  #queued(event: Extract<LogEvent, { type: "node_queued" }>, batch: LogBatch): NodeExecutionView {
    const lookup: EventLookup = (seq) => batch.events[seq - batch.first_seq] ?? this.#lookup(seq);
    const node = this.#plan.nodes[event.node];
    return {
      node_execution_id: event.ne,
      node_id: node?.id ?? "",
      block_id: node?.block_id ?? "",
      status: "QUEUED",
      attempt: 0,
      input: queuedInput(event, { plan: this.#plan, lookup }),
      output: {},
      error: null,
      usage: null,
      queued_at: new Date(batch.at).toISOString(),
      started_at: null,
      ended_at: null,
      duration_ms: null,
    };
  }
}

function addTo(view: NodeExecutionView | undefined, event: LogEvent, at: number): void {
  if (view === undefined) {
    return;
  }
  switch (event.type) {
    case "node_started":
      view.status = "RUNNING";
      view.attempt = event.attempt;
      view.started_at = new Date(at).toISOString();
      return;
    case "node_output":
      addOutput(view.output, event.pin, event.value);
      return;
    case "node_retrying":
      view.status = "QUEUED";
      view.error = event.error;
      return;
    case "node_completed":
    case "node_failed":
      view.status = event.type === "node_completed" ? "COMPLETED" : "FAILED";
      view.error = event.type === "node_failed" ? event.error : null;
      view.duration_ms = event.duration_ms;
      view.usage = event.usage ?? null;
      view.ended_at = new Date(at).toISOString();
      return;
    case "node_terminated":
      view.status = "TERMINATED";
      view.ended_at = new Date(at).toISOString();
      return;
    default:
      return;
  }
}

function addOutput(output: Record<string, JsonValue[]>, pin: string, value: JsonValue): void {
  if (Object.hasOwn(output, pin)) {
    output[pin]?.push(value);
    return;
  }
  Object.defineProperty(output, pin, { value: [value], enumerable: true, writable: true, configurable: true });
}
