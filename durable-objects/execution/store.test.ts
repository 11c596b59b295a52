import { nodeSqlite } from "../node-sqlite.testkit.ts";
import { MemoryExecutionStore } from "./store-memory.ts";
import { storeContract } from "./store-contract.testkit.ts";
import { SqliteExecutionStore } from "./store-sqlite.ts";

storeContract("memory", async (work) => work(new MemoryExecutionStore()));
storeContract("SQLite", async (work) => work(new SqliteExecutionStore(nodeSqlite())));
