import { drizzle } from "drizzle-orm/d1";
import type { DrizzleD1Database } from "drizzle-orm/d1";
import * as schema from "./schema.ts";

/** The query builder over D1; `$client` is the binding itself, for statements that the builder cannot express. */
export type Database = DrizzleD1Database<typeof schema> & { $client: D1Database };

export function openDatabase(binding: D1Database): Database {
  return drizzle(binding, { schema });
}
