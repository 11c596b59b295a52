import type { LogBatch } from "./core/log-event.ts";
import { readEvents, readNodeExecutions, readOutputs } from "./log-reading.ts";
import type { LogOf, OpenExecutions, Reading } from "./log-reading.ts";
import { presentBatch } from "./present.ts";
import type { EventLookup } from "./present.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeExecutionPage } from "./protocol.ts";
import type { ExecutionStore } from "./store.ts";

/** Events in the decoded batches that are kept for those who read on and for the references of later events; one batch may have more. */
const CACHED_EVENTS = 4_096;

/** Reads of a run's log in its object. Memory is bounded by what is asked for, not by the log. */
export class History {
  readonly #store: ExecutionStore;
  readonly #run: LogOf;
  #cache: LogBatch[] = [];
  #cached = 0;

  constructor(store: ExecutionStore, plan: Plan, executionId: string) {
    this.#store = store;
    this.#run = { plan, executionId };
  }

  /** Up to `limit` events after `after`, as callers see them. */
  events(after: number, limit: number): ExecutionEvent[] {
    return this.read(readEvents(this.#run, after, limit));
  }

  /** The events of a batch that was just committed, without reading it back. */
  present(batch: LogBatch): ExecutionEvent[] {
    this.remember(batch);
    const { plan, executionId } = this.#run;
    return presentBatch(batch, { plan, lookup: this.#lookup }, executionId);
  }

  remember(batch: LogBatch): void {
    if (this.#cache.some(({ first_seq }) => first_seq === batch.first_seq)) {
      return;
    }
    this.#cache.push(batch);
    this.#cached += batch.events.length;
    while (this.#cached > CACHED_EVENTS && this.#cache.length > 1) {
      this.#cached -= this.#cache.shift()?.events.length ?? 0;
    }
  }

  /** The run's outputs in the batch after an event, with the markers of stored values, and its last event; null behind the log's end. */
  outputs(after: number): { outputs: [name: string, value: JsonValue][]; seq: number } | null {
    return this.read(readOutputs(this.#run.plan, after));
  }

  /** Node executions in the order in which they were queued; `open` are those that are not over. */
  nodeExecutions(cursor: string | null, limit: number, open: OpenExecutions = new Map()): NodeExecutionPage {
    return this.read(readNodeExecutions(this.#run, open, { cursor, limit }));
  }

  get executionId(): string {
    return this.#run.executionId;
  }

  read<T>(reading: Reading<T>): T {
    let step = reading.next();
    while (step.done !== true) {
      step = reading.next(this.#batchWith(step.value));
    }
    return step.value;
  }

  readonly #lookup: EventLookup = (seq) => {
    const batch = this.#batchWith(seq);
    return batch?.events[seq - batch.first_seq];
  };

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
