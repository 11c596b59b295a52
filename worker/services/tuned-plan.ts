import { waitUntil } from "cloudflare:workers";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { BlockHints } from "#durable-objects/workspace/protocol.ts";
import type { Plan } from "#graph/plan/plan.ts";
import { workspaceStub } from "#worker/env.ts";
import { tunePlan } from "./admission-hints.ts";
import { HintBook } from "./hint-book.ts";
import type { ServiceDeps } from "./service-deps.ts";

/** Of this isolate. */
const book = new HintBook();

type Deps = Pick<ServiceDeps, "env" | "now">;

/**
 * The plan as the workspace's earlier runs suggest, as far as this isolate knows them. It costs the start nothing: what is missing or old is fetched behind
 * its back, for the starts after it.
 */
export function tunedPlan(deps: Deps, workspaceId: string, plan: Plan): Plan {
  if (claimHints(deps, workspaceId)) {
    const fetched = workspaceStub(deps.env, workspaceId)
      .hints()
      .then((hints) => learnHints(deps, workspaceId, hints))
      .catch((error: unknown) =>
        log("warn", "could not fetch what is known of blocks", {
          workspace_id: workspaceId,
          error: errorMessage(error),
        }),
      );
    waitUntil(fetched);
  }
  return tunePlan(plan, book.hints(workspaceId));
}

/** Whether a call of the workspace that is due anyway should bring hints along. */
export function claimHints(deps: Pick<Deps, "now">, workspaceId: string): boolean {
  return book.claim(workspaceId, deps.now());
}

export function learnHints(deps: Pick<Deps, "now">, workspaceId: string, hints: Record<string, BlockHints>): void {
  book.put(workspaceId, hints, deps.now());
}
