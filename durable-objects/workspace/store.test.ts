import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import type { SqliteStorage } from "../execution/store-sqlite.ts";
import { storeContract } from "./store-contract.testkit.ts";
import { MemoryWorkspaceStore } from "./store-memory.ts";
import { SqliteWorkspaceStore } from "./store-sqlite.ts";

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

storeContract("memory", (work) => {
  const store = new MemoryWorkspaceStore();
  work(() => store);
});

storeContract("SQLite", (work) => {
  const storage = nodeSqlite();
  work(() => new SqliteWorkspaceStore(storage));
});

it("[WS2] commits a run and its key together or not at all", () => {
  const storage = nodeSqlite();
  const store = new SqliteWorkspaceStore(storage);
  const ticket = { execution_id: "a", workspace_id: "w", graph_id: "g", flow: null, keys: {} };
  const run = {
    ticket,
    state: "queued",
    queuedAt: 1,
    notBefore: 1,
    firstAt: 1,
    admittedAt: null,
    resumed: false,
    why: "",
  } as const;
  const broken = { key: "k", fingerprint: null as unknown as string, execution_id: "a", expires_at: 1 };
  expect(() => store.commit({ put: [run], remove: [], starts: [], prune: [], commands: [] }, broken)).toThrow();
  expect(new SqliteWorkspaceStore(storage).runs()).toEqual([]);
});
