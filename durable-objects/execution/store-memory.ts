import type { LogBatch, LogEvent } from "./core/log-event.ts";
import { assertNextBatch, SNAPSHOT_EVERY } from "./store.ts";
import type { ExecutionStore, RunHeader, Sync } from "./store.ts";

/** A store in memory, for simulation and tests of what stands on the port. Values are copied in and out as JSON, as SQLite does. */
export class MemoryExecutionStore implements ExecutionStore {
  #header: string | null = null;
  #grace: number | null = null;
  #snapshot: string | null = null;
  readonly snapshotEvery: number;
  #batches: { first: number; last: number; json: string }[] = [];

  constructor(snapshotEvery = SNAPSHOT_EVERY) {
    this.snapshotEvery = snapshotEvery;
  }

  header(): RunHeader | null {
    return this.#header === null ? null : (JSON.parse(this.#header) as RunHeader);
  }

  create(header: RunHeader): void {
    if (this.#header !== null) {
      throw new Error("a run exists here already");
    }
    this.#header = JSON.stringify(header);
  }

  adopt({ header, batches }: Parameters<ExecutionStore["adopt"]>[0]): void {
    this.create(JSON.parse(header) as RunHeader);
    for (const { first_seq, at, events } of batches) {
      this.append({ first_seq, at, events: JSON.parse(events) as LogEvent[] });
    }
  }

  append(batch: LogBatch): number {
    assertNextBatch(batch, this.lastSeq());
    const last = batch.first_seq + batch.events.length - 1;
    const json = JSON.stringify(batch);
    this.#batches.push({ first: batch.first_seq, last, json });
    return json.length;
  }

  *batches(afterSeq: number): Iterable<LogBatch> {
    for (const { last, json } of this.#batches) {
      if (last > afterSeq) {
        yield JSON.parse(json) as LogBatch;
      }
    }
  }

  batchWith(seq: number): LogBatch | undefined {
    const found = this.#batches.find(({ first, last }) => first <= seq && seq <= last);
    return found === undefined ? undefined : (JSON.parse(found.json) as LogBatch);
  }

  lastSeq(): number {
    return this.#batches.at(-1)?.last ?? 0;
  }

  snapshot(): string | null {
    return this.#snapshot;
  }

  saveSnapshot(text: string): void {
    this.#snapshot = text;
  }

  grace(): number | null {
    return this.#grace;
  }

  setGrace(until: number | null): void {
    this.#grace = until;
  }

  transaction<T>(work: () => Sync<T>): T {
    const header = this.#header;
    const batches = [...this.#batches];
    const snapshot = this.#snapshot;
    try {
      return work() as T;
    } catch (error) {
      this.#header = header;
      this.#batches = batches;
      this.#snapshot = snapshot;
      throw error;
    }
  }
}
