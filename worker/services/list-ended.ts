import { waitUntil } from "cloudflare:workers";
import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { executionStub } from "#worker/env.ts";
import type { ServiceDeps } from "./service-deps.ts";

const RELIST_TRIES = 3;

export type ListDeps = Pick<ServiceDeps, "env" | "listRun" | "observeRun">;

/** Puts a run in the list that ended with a consumer's report and was left to it, and tells the run's object (rule ST6). Never throws. */
export async function listEnding(deps: ListDeps, summary: ExecutionSummary): Promise<void> {
  if (await listEnded(deps, summary)) {
    const told = executionStub(deps.env, summary.execution_id).listed(summary.workspace_id, summary.seq);
    // When the object does not hear of it, its alarm asks the list.
    waitUntil(told.catch(() => undefined));
  }
}

/** Rule ST4: the run shows in lists before its start is answered; when it cannot be written there, its object sees to it. Whether it is there. */
export async function listEnded(deps: ListDeps, summary: ExecutionSummary): Promise<boolean> {
  deps.observeRun(summary);
  try {
    await deps.listRun(summary);
    return true;
  } catch (error) {
    log("warn", "the list of runs could not be written; the run's object will see to it", {
      execution_id: summary.execution_id,
      error: errorMessage(error),
    });
    await relist(deps, summary);
    return false;
  }
}

/** Has a run's object see to its row in the list. Never throws. */
export async function relist(
  { env }: Pick<ListDeps, "env">,
  { execution_id, workspace_id }: Pick<ExecutionSummary, "execution_id" | "workspace_id">,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await executionStub(env, execution_id).relist(workspace_id);
      return;
    } catch (error) {
      if (tries >= RELIST_TRIES) {
        log("error", "a run that has ended is in no list", { execution_id, error: errorMessage(error) });
        return;
      }
    }
  }
}
