import type { LogBatch, LogEvent } from "./core/log-event.ts";
import { migrateSchema, tablesOf } from "./schema-migrations.ts";
import { assertNext, assertNextBatch, SNAPSHOT_EVERY } from "./store.ts";
import type { ExecutionStore, RunHeader, Sync } from "./store.ts";

type SqlValue = string | number | null;

/** The part of a Durable Object's storage that the store uses, typed structurally so that another SQLite can stand in. */
export interface SqliteStorage {
  sql: { exec(query: string, ...bindings: SqlValue[]): { toArray(): Record<string, unknown>[] } };
  transactionSync<T>(work: () => T): T;
}

/** The row that holds the grace, before header and events: a table of its own would cost every run. */
const GRACE_ROW = -1;

/** The rows that hold the snapshot, likewise. */
const SNAPSHOT_ROW = -2;

/** Characters of JSON in one row. A row may have 2 MB and a character up to three bytes. */
const PART_LENGTH = 600_000;

interface LogRow {
  first_seq: number;
  part: number;
  at: number;
  last_seq: number;
  data: string;
}

/**
 * The store in a Durable Object's SQLite. One row a batch (more only for batches over `PART_LENGTH`), the header as batch 0.
 * The only file that knows SQL here.
 */
export class SqliteExecutionStore implements ExecutionStore {
  readonly #storage: SqliteStorage;
  #ready: boolean;
  #lastSeq: number | null = null;
  readonly snapshotEvery: number;

  constructor(storage: SqliteStorage, snapshotEvery = SNAPSHOT_EVERY) {
    this.#storage = storage;
    this.snapshotEvery = snapshotEvery;
    const tables = tablesOf(storage);
    this.#ready = tables.includes("log");
    if (this.#ready) {
      migrateSchema(storage, tables);
    }
  }

  header(): RunHeader | null {
    if (!this.#ready) {
      return null;
    }
    const rows = this.#query("SELECT * FROM log WHERE first_seq = 0 ORDER BY part");
    return rows.length === 0 ? null : (JSON.parse(joinParts(rows)) as RunHeader);
  }

  create(header: RunHeader): void {
    this.#createTables();
    this.#insert({ firstSeq: 0, lastSeq: 0, at: header.created_at, json: JSON.stringify(header) });
  }

  adopt({ created_at, header, batches }: Parameters<ExecutionStore["adopt"]>[0]): void {
    this.#createTables();
    this.#insert({ firstSeq: 0, lastSeq: 0, at: created_at, json: header });
    let lastSeq = 0;
    for (const { first_seq, last_seq, at, events } of batches) {
      assertNext({ first_seq, count: last_seq - first_seq + 1 }, lastSeq);
      this.#insert({ firstSeq: first_seq, lastSeq: last_seq, at, json: events });
      lastSeq = last_seq;
    }
    this.#lastSeq = lastSeq;
  }

  append(batch: LogBatch): number {
    assertNextBatch(batch, this.lastSeq());
    const lastSeq = batch.first_seq + batch.events.length - 1;
    const json = JSON.stringify(batch.events);
    this.#insert({ firstSeq: batch.first_seq, lastSeq, at: batch.at, json });
    this.#lastSeq = lastSeq;
    return json.length;
  }

  *batches(afterSeq: number): Iterable<LogBatch> {
    let next = this.batchWith(afterSeq + 1);
    while (next !== undefined) {
      yield next;
      next = this.batchWith(next.first_seq + next.events.length);
    }
  }

  batchWith(seq: number): LogBatch | undefined {
    const [at] = this.#ready
      ? this.#query(
          "SELECT first_seq, last_seq FROM log WHERE first_seq > 0 AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1",
          seq,
        )
      : [];
    if (at === undefined || at.last_seq < seq) {
      return undefined;
    }
    const rows = this.#query("SELECT * FROM log WHERE first_seq = ? ORDER BY part", at.first_seq);
    return { first_seq: at.first_seq, at: rows[0]?.at ?? 0, events: JSON.parse(joinParts(rows)) as LogEvent[] };
  }

  lastSeq(): number {
    if (this.#lastSeq === null) {
      const row = this.#ready ? this.#query("SELECT last_seq FROM log ORDER BY first_seq DESC LIMIT 1")[0] : undefined;
      this.#lastSeq = row?.last_seq ?? 0;
    }
    return this.#lastSeq;
  }

  snapshot(): string | null {
    const rows = this.#ready ? this.#query("SELECT * FROM log WHERE first_seq = ? ORDER BY part", SNAPSHOT_ROW) : [];
    return rows.length === 0 ? null : joinParts(rows);
  }

  saveSnapshot(text: string): void {
    this.#storage.sql.exec("DELETE FROM log WHERE first_seq = ?", SNAPSHOT_ROW);
    this.#insert({ firstSeq: SNAPSHOT_ROW, lastSeq: 0, at: 0, json: text });
  }

  grace(): number | null {
    const rows = this.#ready ? this.#query("SELECT at FROM log WHERE first_seq = ?", GRACE_ROW) : [];
    return rows[0]?.at ?? null;
  }

  setGrace(until: number | null): void {
    this.#storage.sql.exec("DELETE FROM log WHERE first_seq = ?", GRACE_ROW);
    if (until !== null) {
      this.#storage.sql.exec(
        "INSERT INTO log (first_seq, part, last_seq, at, data) VALUES (?, 0, 0, ?, '')",
        GRACE_ROW,
        until,
      );
    }
  }

  transaction<T>(work: () => Sync<T>): T {
    const ready = this.#ready;
    try {
      return this.#storage.transactionSync(work) as T;
    } catch (error) {
      this.#ready = ready;
      this.#lastSeq = null;
      throw error;
    }
  }

  #createTables(): void {
    if (!this.#ready) {
      migrateSchema(this.#storage, []);
      this.#ready = true;
    }
  }

  #insert(row: { firstSeq: number; lastSeq: number; at: number; json: string }): void {
    for (const [part, data] of splitParts(row.json).entries()) {
      this.#storage.sql.exec(
        "INSERT INTO log (first_seq, part, last_seq, at, data) VALUES (?, ?, ?, ?, ?)",
        row.firstSeq,
        part,
        row.lastSeq,
        row.at,
        data,
      );
    }
  }

  #query(query: string, ...bindings: SqlValue[]): LogRow[] {
    return this.#storage.sql.exec(query, ...bindings).toArray() as unknown as LogRow[];
  }
}

function joinParts(rows: LogRow[]): string {
  return rows.length === 1 && rows[0] !== undefined ? rows[0].data : rows.map((row) => row.data).join("");
}

/** Cuts a text so that no surrogate pair is torn: SQLite keeps UTF-8, in which half a pair cannot be written. */
function splitParts(json: string): string[] {
  if (json.length <= PART_LENGTH) {
    return [json];
  }
  const parts: string[] = [];
  let start = 0;
  while (start < json.length) {
    let end = Math.min(start + PART_LENGTH, json.length);
    const last = json.charCodeAt(end - 1);
    if (end < json.length && last >= 0xd800 && last <= 0xdbff) {
      end -= 1;
    }
    parts.push(json.slice(start, end));
    start = end;
  }
  return parts;
}
