import { validate as isUuid } from "uuid";
import type { RunReads } from "#durable-objects/execution/archived-run.ts";
import type { Outcome } from "#durable-objects/execution/protocol.ts";
import { executionStub } from "#worker/env.ts";
import type { ExecutionStub } from "#worker/env.ts";
import { openArchivedRun } from "./archived-execution.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

/** Codes of a run's object that mean: not as the run stands now. All others are a wrong request. */
const CONFLICTS: ReadonlySet<string> = new Set(["review_not_pending", "execution_not_ended", "node_not_queued"]);

/** The object of a run. Ids are UUIDs that this Worker made; anything else names no object, so none is woken for it. */
export function stubOf(deps: ServiceDeps, executionId: string): ExecutionStub {
  if (!isUuid(executionId)) {
    throw notFound("execution");
  }
  return executionStub(deps.env, executionId.toLowerCase());
}

/**
 * What a run answers, wherever it is: its object, or the archive once the object has given its log away.
 * @throws ServiceError as `unwrap` does.
 */
export async function askRun<T>(
  deps: ServiceDeps,
  { workspaceId, executionId }: { workspaceId: string; executionId: string },
  question: (run: RunReads) => Promise<Outcome<T>>,
): Promise<T> {
  const outcome = await question(stubOf(deps, executionId));
  if (!outcome.ok && outcome.code === "not_found") {
    const archived = await openArchivedRun(deps, { workspaceId, executionId: executionId.toLowerCase() });
    return unwrap(archived === null ? outcome : await question(archived));
  }
  return unwrap(outcome);
}

/** What a run's object answered. @throws ServiceError 404, 409 or 422 with the object's code. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) {
    return outcome.value;
  }
  if (outcome.code === "not_found") {
    throw new ServiceError(404, "not_found", outcome.message);
  }
  throw new ServiceError(CONFLICTS.has(outcome.code) ? 409 : 422, outcome.code, outcome.message);
}
