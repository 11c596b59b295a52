import type { z } from "zod";
import type { readinessSchema } from "#worker/contracts/health.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Whether the database answers and has its tables. */
export async function checkReadiness(deps: ServiceDeps): Promise<z.infer<typeof readinessSchema>> {
  const database = await answers(() => deps.env.DB.prepare("SELECT 1 FROM graph LIMIT 1").run());
  return {
    status: database ? "ready" : "not_ready",
    checks: { database: database ? "ok" : "failed" },
  };
}

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch {
    return false;
  }
}
