import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { SqliteStorage } from "#durable-objects/execution/store-sqlite.ts";
import type { FaultPlan } from "./faults.ts";

/** A write that the platform did not do. */
export class WriteFailed extends Error {}

/**
 * One object's durable storage: SQLite and the alarm. All writes of a step are one transaction, as the runtime makes them: what a step did is
 * kept or lost whole.
 */
export class ObjectStorage implements SqliteStorage {
  readonly #faults: FaultPlan;
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  #alarm: number | null = null;
  #alarmBefore: number | null = null;
  /** A transaction is open: it begins with the first write of a step. */
  #open = false;
  #dirty = false;
  #logWritten = false;

  constructor(faults: FaultPlan) {
    this.#faults = faults;
  }

  readonly sql: SqliteStorage["sql"] = {
    exec: (query, ...bindings) => {
      if (!query.startsWith("SELECT")) {
        this.#write();
      }
      if (query.startsWith("INSERT INTO log") && Number(bindings[0]) >= 0) {
        if (this.#faults.strikes("write_fails")) {
          throw new WriteFailed("disk I/O error");
        }
        this.#logWritten = true;
      }
      let statement = this.#statements.get(query);
      if (statement === undefined) {
        statement = this.#database.prepare(query);
        this.#statements.set(query, statement);
      }
      const rows = statement.all(...bindings);
      return { toArray: () => rows };
    },
  };

  transactionSync<T>(work: () => T): T {
    this.#write();
    this.#database.exec("SAVEPOINT part");
    try {
      const result = work();
      this.#database.exec("RELEASE part");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK TO part; RELEASE part");
      this.#statements.clear();
      throw error;
    }
  }

  get alarm(): number | null {
    return this.#alarm;
  }

  setAlarm(at: number | null): void {
    this.#alarm = at;
    this.#dirty = true;
  }

  /** The runtime itself sees to it that a handler which came to no end is called again: no transaction undoes that. */
  setRetry(at: number): void {
    this.#alarm ??= at;
    this.#alarmBefore ??= at;
  }

  get dirty(): boolean {
    return this.#dirty;
  }

  /** Events were written in this step. */
  get logWritten(): boolean {
    return this.#logWritten;
  }

  #write(): void {
    this.#dirty = true;
    if (!this.#open) {
      this.#open = true;
      this.#database.exec("BEGIN");
    }
  }

  begin(): void {
    this.#alarmBefore = this.#alarm;
    this.#dirty = false;
    this.#logWritten = false;
  }

  commit(): void {
    if (this.#open) {
      this.#open = false;
      this.#database.exec("COMMIT");
    }
  }

  rollback(): void {
    if (this.#open) {
      this.#open = false;
      this.#database.exec("ROLLBACK");
    }
    this.#alarm = this.#alarmBefore;
    this.#statements.clear();
  }

  close(): void {
    this.#database.close();
  }
}
