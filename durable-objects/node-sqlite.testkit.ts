import { DatabaseSync } from "node:sqlite";
import type { SqliteStorage } from "./execution/store-sqlite.ts";

/** Node's SQLite behind the same structural type as a Durable Object's storage. */
export function nodeSqlite(database = new DatabaseSync(":memory:")): SqliteStorage {
  return {
    sql: {
      exec: (query, ...bindings) => {
        const rows = database.prepare(query).all(...bindings);
        return { toArray: () => rows };
      },
    },
    transactionSync: (work) => {
      database.exec("BEGIN");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}
