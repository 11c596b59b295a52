import type { Principal } from "#worker/auth/principal.ts";
import { valueStore } from "#worker/values/create-values.ts";
import { getExecution } from "./execution-service.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound } from "./service-error.ts";

/**
 * A large value of a run, as JSON text.
 * @throws ServiceError 404 for an unknown run or another workspace's, and for a value that this run does not have.
 */
export async function getStoredValue(
  deps: ServiceDeps,
  principal: Principal,
  of: { executionId: string; sha256: string },
): Promise<{ body: ReadableStream; size: number }> {
  const { id: executionId } = await getExecution(deps, principal, of.executionId);
  const { workspaceId } = principal;
  const object = await valueStore(deps.env).stream({ workspaceId, executionId }, of.sha256);
  if (object === null) {
    throw notFound("value");
  }
  return { body: object.body, size: object.size };
}
