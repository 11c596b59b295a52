import type { SqliteStorage } from "../execution/store-sqlite.ts";
import type { Changes } from "./core/admission-changes.ts";
import type { FiguresData } from "./core/figures.ts";
import type { StoredKey } from "./core/idempotency.ts";
import { ALL_HOURS } from "./core/predictor.ts";
import type { FiguresRow } from "./core/predictor.ts";
import type { RunEntry } from "./core/run-entry.ts";
import type { PastStart } from "./core/start-log.ts";
import type { Outlier } from "./protocol.ts";
import { migrateSchema } from "./schema-migrations.ts";
import { KEPT_OUTLIERS } from "./store.ts";
import type { WorkspaceStore } from "./store.ts";

type SqlValue = string | number | null;

/** The store in a Durable Object's SQLite. The only file that knows SQL here. */
export class SqliteWorkspaceStore implements WorkspaceStore {
  readonly #storage: SqliteStorage;

  constructor(storage: SqliteStorage) {
    this.#storage = storage;
    storage.transactionSync(() => migrateSchema(storage));
  }

  runs(): RunEntry[] {
    return this.#query<{ data: string }>("SELECT data FROM run ORDER BY queued_at, execution_id").map(
      ({ data }) => JSON.parse(data) as RunEntry,
    );
  }

  starts(): PastStart[] {
    return this.#query("SELECT graph_id, key, at FROM start ORDER BY graph_id, at");
  }

  commit(changes: Changes, key?: StoredKey & { key: string }): void {
    const { put, remove, starts, prune } = changes;
    if (key === undefined && put.length + remove.length + starts.length + prune.length === 0) {
      return;
    }
    this.#storage.transactionSync(() => {
      for (const entry of put) {
        this.#run(
          "INSERT INTO run (execution_id, queued_at, data) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET queued_at = ?2, data = ?3",
          entry.ticket.execution_id,
          entry.queuedAt,
          JSON.stringify(entry),
        );
      }
      for (const id of remove) {
        this.#run("DELETE FROM run WHERE execution_id = ?", id);
      }
      for (const { graph_id, at, execution_id, key: of } of starts) {
        this.#run(
          "INSERT OR IGNORE INTO start (graph_id, at, execution_id, key) VALUES (?, ?, ?, ?)",
          graph_id,
          at,
          execution_id,
          of,
        );
      }
      for (const { graph_id, upTo } of prune) {
        this.#run("DELETE FROM start WHERE graph_id = ? AND at <= ?", graph_id, upTo);
      }
      if (key !== undefined) {
        this.#run(
          `INSERT INTO idempotency_key (key, fingerprint, execution_id, expires_at) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT DO UPDATE SET fingerprint = ?2, execution_id = ?3, expires_at = ?4`,
          key.key,
          key.fingerprint,
          key.execution_id,
          key.expires_at,
        );
      }
    });
  }

  key(key: string): StoredKey | undefined {
    return this.#query<StoredKey>(
      "SELECT fingerprint, execution_id, expires_at FROM idempotency_key WHERE key = ?",
      key,
    )[0];
  }

  hasKeys(): boolean {
    return this.#query("SELECT 1 FROM idempotency_key LIMIT 1").length > 0;
  }

  sweepKeys(now: number): void {
    this.#run("DELETE FROM idempotency_key WHERE expires_at <= ?", now);
  }

  readFigures(subject: string, hour: number): FiguresData | undefined {
    const [row] = this.#query<{ data: string }>(
      "SELECT data FROM figures WHERE subject = ? AND hour = ?",
      subject,
      hour,
    );
    return row === undefined ? undefined : (JSON.parse(row.data) as FiguresData);
  }

  *blockFigures(): Iterable<[string, FiguresData]> {
    const rows = this.#query<{ subject: string; data: string }>(
      "SELECT subject, data FROM figures WHERE subject >= 'b:' AND subject < 'b;' AND hour = ?",
      ALL_HOURS,
    );
    for (const { subject, data } of rows) {
      yield [subject.slice(2), JSON.parse(data) as FiguresData];
    }
  }

  writeFigures(rows: readonly FiguresRow[]): void {
    this.#storage.transactionSync(() => {
      for (const { subject, hour, data } of rows) {
        this.#run(
          "INSERT INTO figures (subject, hour, data) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET data = ?3",
          subject,
          hour,
          JSON.stringify(data),
        );
      }
    });
  }

  addOutlier(outlier: Outlier & { graph_id: string }): void {
    const { graph_id, at, execution_id, duration_ms, p99_ms } = outlier;
    this.#run(
      "INSERT OR REPLACE INTO outlier (graph_id, at, execution_id, duration_ms, p99_ms) VALUES (?, ?, ?, ?, ?)",
      graph_id,
      at,
      execution_id,
      Math.round(duration_ms),
      Math.round(p99_ms),
    );
    this.#run(
      `DELETE FROM outlier WHERE graph_id = ?1 AND at < (
         SELECT at FROM outlier WHERE graph_id = ?1 ORDER BY at DESC LIMIT 1 OFFSET ${KEPT_OUTLIERS - 1})`,
      graph_id,
    );
  }

  outliers(graphId: string): Outlier[] {
    return this.#query<Outlier>(
      `SELECT execution_id, duration_ms, p99_ms, at FROM outlier WHERE graph_id = ? ORDER BY at DESC LIMIT ${KEPT_OUTLIERS}`,
      graphId,
    );
  }

  #run(query: string, ...bindings: SqlValue[]): void {
    this.#storage.sql.exec(query, ...bindings);
  }

  #query<T>(query: string, ...bindings: SqlValue[]): T[] {
    return this.#storage.sql.exec(query, ...bindings).toArray() as unknown as T[];
  }
}
