import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

/** The query builder over D1; `$client` is the binding itself, for statements that the builder cannot express. */
export type Database = DrizzleD1Database<typeof schema> & { $client: D1Database };

const opened = new WeakMap<D1Database, Database>();

/** The query builder of a binding, made once: it reads the whole schema each time. */
export function openDatabase(binding: D1Database): Database {
  let database = opened.get(binding);
  if (database === undefined) {
    database = drizzle(binding, { schema });
    opened.set(binding, database);
  }
  return database;
}
