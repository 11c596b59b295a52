import { expect, it } from "vitest";
import { nodeSqlite } from "../node-sqlite.testkit.ts";
import { storeContract } from "./store-contract.testkit.ts";
import { MemoryWorkspaceStore } from "./store-memory.ts";
import { SCHEMA_MIGRATIONS } from "./schema-migrations.ts";
import { SqliteWorkspaceStore } from "./store-sqlite.ts";

storeContract("memory", (work) => {
  const store = new MemoryWorkspaceStore();
  work(() => store);
});

storeContract("SQLite", (work) => {
  const storage = nodeSqlite();
  work(() => new SqliteWorkspaceStore(storage));
});

it("[WS1] has the starts of a store of before throttles had keys, without one", () => {
  const storage = nodeSqlite();
  storage.sql.exec("CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY)");
  storage.sql.exec("INSERT INTO schema_migrations (version) VALUES (1)");
  for (const statement of SCHEMA_MIGRATIONS[0]?.sql ?? []) {
    storage.sql.exec(statement);
  }
  storage.sql.exec("INSERT INTO start (graph_id, at, execution_id) VALUES ('g', 1, 'a')");
  const store = new SqliteWorkspaceStore(storage);
  const start = { graph_id: "g", key: "k", at: 2, execution_id: "b" };
  store.commit({ put: [], remove: [], starts: [start], prune: [], commands: [] });
  expect(new SqliteWorkspaceStore(storage).starts()).toEqual([
    { graph_id: "g", key: "", at: 1 },
    { graph_id: "g", key: "k", at: 2 },
  ]);
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
