import { DatabaseSync } from "node:sqlite";
import { MemoryExecutionStore } from "./store-memory.ts";
import { storeContract } from "./store-contract.testkit.ts";
import { SqliteExecutionStore } from "./store-sqlite.ts";
import type { SqliteStorage } from "./store-sqlite.ts";

/** Node's SQLite behind the same structural type as a Durable Object's storage. */
function nodeSqlite(): SqliteStorage {
  const database = new DatabaseSync(":memory:");
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

storeContract("memory", async (work) => work(new MemoryExecutionStore()));
storeContract("SQLite", async (work) => work(new SqliteExecutionStore(nodeSqlite())));
