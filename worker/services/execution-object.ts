import { validate as isUuid } from "uuid";
import type { RunReads } from "#durable-objects/execution/archived-run.ts";
import type { Outcome } from "#durable-objects/execution/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { executionStub } from "#worker/env.ts";
import type { ExecutionStub } from "#worker/env.ts";
import { openArchivedRun } from "./archived-execution.ts";
import { callObject } from "./call-object.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

/** Codes of a run's object that mean: not as the run stands now. All others are a wrong request. */
const CONFLICTS: ReadonlySet<string> = new Set([
  "review_not_pending",
  "callback_not_pending",
  "execution_not_ended",
  "node_not_queued",
]);

/** The object of a run. Ids are UUIDs that this Worker made; anything else names no object, so none is woken for it. */
function stubOf(deps: ServiceDeps, executionId: string): ExecutionStub {
  if (!isUuid(executionId)) {
    throw notFound("execution");
  }
  return executionStub(deps.env, executionId.toLowerCase());
}

/**
 * One call of a run's object, made again where that is safe when the platform says that the failure passes.
 * @throws ServiceError 404 for what is no id, 503 `overloaded`.
 */
export function callRun<T>(
  deps: ServiceDeps,
  executionId: string,
  call: (run: ExecutionStub) => Promise<T>,
  { repeatable = true }: { repeatable?: boolean } = {},
): Promise<T> {
  return callObject(() => call(stubOf(deps, executionId)), { of: "run", id: executionId, repeatable });
}

/**
 * What a run answers, wherever it is: its object, or the archive once the object has given its log away. A question that changes the run, so that asking
 * it twice answers differently, is not `repeatable`.
 * @throws ServiceError as `unwrap` does, and 503 `archive_unavailable` and `overloaded`.
 */
export async function askRun<T>(
  deps: ServiceDeps,
  { workspaceId, executionId }: { workspaceId: string; executionId: string },
  question: (run: RunReads) => Promise<Outcome<T>>,
  options: { repeatable?: boolean } = {},
): Promise<T> {
  const outcome = await callRun(deps, executionId, question, options);
  if (outcome.ok || outcome.code !== "not_found") {
    return unwrap(outcome);
  }
  const archived = await askArchive(deps, { workspaceId, executionId: executionId.toLowerCase() }, question);
  return unwrap(archived ?? outcome);
}

/** Null when the run is not in the archive. @throws ServiceError 503 `archive_unavailable`. */
async function askArchive<T>(
  deps: ServiceDeps,
  run: { workspaceId: string; executionId: string },
  question: (run: RunReads) => Promise<Outcome<T>>,
): Promise<Outcome<T> | null> {
  try {
    const archived = await openArchivedRun(deps, run);
    return archived === null ? null : await question(archived);
  } catch (cause) {
    log("error", "an archived run could not be read", { execution_id: run.executionId, error: errorMessage(cause) });
    const message = "The run is in the archive, which does not answer as it should. Try again shortly.";
    throw new ServiceError(503, "archive_unavailable", message, { retryAfter: 5, cause });
  }
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
