import { log } from "#durable-objects/logger.ts";
import { openDatabase } from "./db/database.ts";
import { executionStub } from "./env.ts";
import type { Env } from "./env.ts";
import { retentionDays, sweepRuns } from "./retention/sweep.ts";
import type { Sweep } from "./retention/sweep.ts";

/** What is done every minute (`crons` in wrangler.toml): the archive takes some of the runs whose time has come. */
export async function handleScheduled(env: Env): Promise<Sweep> {
  const deps = {
    db: openDatabase(env.DB),
    files: env.FILES,
    object: (executionId: string) => executionStub(env, executionId),
    now: () => Date.now(),
  };
  const sweep = await sweepRuns(deps, retentionDays(env));
  if (sweep.archived > 0) {
    log("info", "runs were archived", { ...sweep });
  }
  return sweep;
}
