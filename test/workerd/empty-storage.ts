import { applyD1Migrations, reset } from "cloudflare:test";
import type { D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll } from "vitest";
import { thisFile } from "./this-file.ts";

/** Every test file begins with empty storage and a migrated database, whatever the file before it in the same runtime has left. */
beforeAll(async () => {
  const { DB, TEST_MIGRATIONS } = env as unknown as { DB: D1Database; TEST_MIGRATIONS: D1Migration[] };
  await reset();
  thisFile.began = Date.now();
  await applyD1Migrations(DB, TEST_MIGRATIONS);
});
