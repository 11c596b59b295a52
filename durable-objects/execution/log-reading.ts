import type { JsonValue } from "#graph/json.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { ExecutionEvent } from "#graph/run/event.ts";
import type { LogBatch, LogEvent } from "./core/log-event.ts";
import type { NodeExecution } from "./core/state.ts";
import { NodeRecord } from "./node-record.ts";
import { presentBatch } from "./present.ts";
import type { EventLookup } from "./present.ts";
import type { NodeExecutionPage } from "./protocol.ts";

/**
 * A reading of a run's log, wherever that is: asks for the batch that holds an event by yielding the event's seq, and is given the batch, or
 * undefined when the log has no such event. Whoever drives it may fetch batches at once (history.ts) or wait for them (archived-run.ts). It keeps
 * what its answer is made of, and not the log.
 */
export type Reading<T> = Generator<number, T, LogBatch | undefined>;

/** The run whose log is read. */
export interface LogOf {
  plan: Plan;
  executionId: string;
}

/** An event of a node execution. */
export type NodeEvent = Extract<LogEvent, { ne: string }>;

/** An event and the time at which it was committed. */
export interface Logged<E extends LogEvent = LogEvent> {
  event: E;
  at: number;
}

/** The node execution as the run's state has it, while it is not over. */
export type OpenExecutions = Pick<ReadonlyMap<string, NodeExecution>, "get">;

/**
 * What `work` makes of events whose references point at others: those that it looks up are fetched, oldest first, and it is called again with all of
 * them. So it must do nothing but answer. `near` are batches that are at hand.
 */
export function* resolved<T>(work: (lookup: EventLookup) => T, near: readonly LogBatch[] = []): Reading<T> {
  const found = new Map<number, LogEvent | undefined>();
  for (;;) {
    const missing = new Set<number>();
    const result = work((seq) => {
      const event = found.get(seq) ?? eventIn(near, seq);
      if (event === undefined && !found.has(seq)) {
        missing.add(seq);
      }
      return event;
    });
    if (missing.size === 0) {
      return result;
    }
    let batch: LogBatch | undefined;
    for (const seq of [...missing].toSorted((a, b) => a - b)) {
      batch = batch !== undefined && eventIn([batch], seq) !== undefined ? batch : yield seq;
      found.set(seq, batch === undefined ? undefined : eventIn([batch], seq));
    }
  }
}

function eventIn(batches: readonly LogBatch[], seq: number): LogEvent | undefined {
  for (const { first_seq, events } of batches) {
    const event = seq < first_seq ? undefined : events[seq - first_seq];
    if (event !== undefined) {
      return event;
    }
  }
  return undefined;
}

/** Up to `limit` events after `after`, as callers see them. */
export function* readEvents({ plan, executionId }: LogOf, after: number, limit: number): Reading<ExecutionEvent[]> {
  const near: LogBatch[] = [];
  const parts: LogBatch[] = [];
  let next = after + 1;
  let left = limit;
  while (left > 0) {
    const batch = yield next;
    if (batch === undefined) {
      break;
    }
    const skipped = next - batch.first_seq;
    const events = batch.events.slice(skipped, skipped + left);
    near.push(batch);
    parts.push({ first_seq: next, at: batch.at, events });
    left -= events.length;
    next += events.length;
  }
  return yield* resolved((lookup) => parts.flatMap((part) => presentBatch(part, { plan, lookup }, executionId)), near);
}

/** The run's outputs in the batch that holds the event after `after`, with the markers of stored values; null behind the log's end. */
export function* readOutputs(
  plan: Plan,
  after: number,
): Reading<{ outputs: [name: string, value: JsonValue][]; seq: number } | null> {
  const batch = yield after + 1;
  if (batch === undefined) {
    return null;
  }
  const { first_seq, at, events } = batch;
  const parts = events.flatMap((event, offset): LogBatch[] => {
    const seq = first_seq + offset;
    return event.type === "execution_output" && seq > after ? [{ first_seq: seq, at, events: [event] }] : [];
  });
  const outputs = yield* resolved(
    (lookup) =>
      parts
        .flatMap((part) => presentBatch(part, { plan, lookup }, null))
        .flatMap((event): [string, JsonValue][] =>
          event.type === "execution_output" ? [[event.name, event.value]] : [],
        ),
    [batch],
  );
  return { outputs, seq: first_seq + events.length - 1 };
}

/**
 * Node executions in the order in which they were queued; `cursor` is the seq of the last one's `node_queued`. Reads on from there until those of the
 * page are over, or as far as the run's state says that they have come.
 */
export function* readNodeExecutions(
  of: LogOf,
  open: OpenExecutions,
  { cursor, limit }: { cursor: string | null; limit: number },
): Reading<NodeExecutionPage> {
  const after = cursor === null ? 0 : Number.parseInt(cursor, 10) || 0;
  const items = new Map<string, NodeEvents>();
  let [last, unfinished, more] = [after, 0, false];
  let next = after + 1;
  while (!(more && unfinished === 0)) {
    const batch = yield next;
    if (batch === undefined) {
      break;
    }
    for (let index = next - batch.first_seq; index < batch.events.length; index += 1) {
      const event = batch.events[index];
      if (event === undefined || !("ne" in event)) {
        continue;
      }
      if (event.type === "node_queued") {
        more ||= items.size >= limit;
        if (!more) {
          items.set(event.ne, new NodeEvents(event, open.get(event.ne)));
          last = batch.first_seq + index;
          unfinished += 1;
        }
      }
      if (items.get(event.ne)?.add({ event, at: batch.at }) === true) {
        unfinished -= 1;
      }
    }
    next = batch.first_seq + batch.events.length;
  }
  const views = yield* resolved((lookup) => [...items.values()].map((item) => item.record(of, lookup).view));
  return { items: views, next_cursor: more ? String(last) : null };
}

/** The events of one node execution, gathered until there can be no more of them. */
export class NodeEvents {
  readonly logged: Logged<NodeEvent>[] = [];
  readonly #first: NodeEvent;
  readonly #open: NodeExecution | undefined;
  #attempt = 0;
  #outputs = 0;
  #retries = 0;
  #waits = false;
  #queued = false;
  #complete = false;

  /** @param open how far it has come, when it is not over */
  constructor(first: NodeEvent, open: NodeExecution | undefined) {
    this.#first = first;
    this.#open = open;
  }

  get complete(): boolean {
    return this.#complete;
  }

  /** True for the event with which it became complete. */
  add(logged: Logged<NodeEvent>): boolean {
    const { event } = logged;
    this.logged.push(logged);
    switch (event.type) {
      case "node_queued":
      case "node_resumed":
        this.#queued = true;
        this.#waits = false;
        break;
      case "node_started":
        this.#attempt = event.attempt;
        this.#queued = false;
        break;
      case "node_output":
        this.#outputs += 1;
        break;
      case "node_retrying":
        this.#retries += 1;
        this.#queued = true;
        break;
      case "node_waiting":
        this.#waits = true;
        break;
      default:
    }
    const before = this.#complete;
    this.#complete ||= isEnd(event) || this.#hasComeAsFar();
    return this.#complete && !before;
  }

  record({ plan, executionId }: LogOf, lookup: EventLookup): NodeRecord {
    const record = new NodeRecord(plan, this.#first, executionId);
    for (const { event, at } of this.logged) {
      record.add(event, at, lookup);
    }
    return record;
  }

  /** Every later event would change one of these. One that lacks inputs may get more of them, and one that is over has its end in the log. */
  #hasComeAsFar(): boolean {
    const open = this.#open;
    return (
      open !== undefined &&
      (open.status === "QUEUED" || open.status === "RUNNING" || open.status === "REVIEW") &&
      this.#queued === (open.status === "QUEUED") &&
      this.#waits === (open.wait !== null) &&
      this.#attempt === open.attempt &&
      this.#outputs === open.outputs &&
      this.#retries === open.failures + open.lost
    );
  }
}

function isEnd({ type }: NodeEvent): boolean {
  return type === "node_completed" || type === "node_failed" || type === "node_terminated";
}
