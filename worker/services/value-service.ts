import { validate as isUuid } from "uuid";
import type { Principal } from "#worker/auth/principal.ts";
import { valueStore } from "#worker/values/create-values.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound } from "./service-error.ts";

/**
 * A large value of a run, as JSON text. The run is not asked: its values lie under its workspace and its id, and are deleted with it, so what is not
 * this workspace's or not this run's is not found.
 * @throws ServiceError 404
 */
export async function getStoredValue(
  deps: ServiceDeps,
  principal: Principal,
  of: { executionId: string; sha256: string },
): Promise<{ body: ReadableStream; size: number }> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  const executionId = of.executionId.toLowerCase();
  const sha256 = of.sha256.toLowerCase();
  const object =
    isUuid(executionId) && /^[0-9a-f]{64}$/.test(sha256)
      ? await valueStore(deps.env).stream({ workspaceId, executionId }, sha256)
      : null;
  if (object === null) {
    throw notFound("value");
  }
  return { body: object.body, size: object.size };
}
