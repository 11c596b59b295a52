import { waitUntil } from "cloudflare:workers";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { Env } from "../env.ts";
import { observeRuns } from "./observe-runs.ts";

/** So many runs, or so long, are gathered for one call of their workspace. */
const MOST = 100;
const GATHER_MS = 1_000;

/** Of this isolate. */
let gathered: ExecutionSummary[] = [];

/** Tells the run's workspace of it a little later, together with others. What an isolate takes with it when it goes is lost: predictions are only predictions. */
export function observeLater(env: Pick<Env, "WORKSPACES">, summary: ExecutionSummary): void {
  gathered.push(summary);
  if (gathered.length >= MOST) {
    waitUntil(tell(env));
  } else if (gathered.length === 1) {
    waitUntil(new Promise<void>((resolve) => setTimeout(resolve, GATHER_MS)).then(() => tell(env)));
  }
}

async function tell(env: Pick<Env, "WORKSPACES">): Promise<void> {
  const summaries = gathered;
  gathered = [];
  if (summaries.length > 0) {
    await observeRuns(env, summaries);
  }
}
