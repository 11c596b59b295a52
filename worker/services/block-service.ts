import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject } from "#graph/json.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { BlockOutput } from "#worker/contracts/block.ts";
import type { List } from "#worker/contracts/list.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

export function listBlocks(deps: ServiceDeps, principal: Principal): List<BlockDescriptor> {
  requirePermission(principal, "READ_BLOCK");
  return { items: [...deps.blocks.catalog.list()], next_cursor: null };
}

export function getBlock(deps: ServiceDeps, principal: Principal, blockId: string): BlockDescriptor {
  requirePermission(principal, "READ_BLOCK");
  const descriptor = deps.blocks.catalog.get(blockId);
  if (descriptor === undefined) {
    throw notFound("block");
  }
  return descriptor;
}

/**
 * Runs one block by itself.
 * @throws ServiceError 404 for an unknown block, 403 `disabled_block`, 422 `invalid_inputs`, 422 `block_failed`.
 */
export async function executeBlock(
  deps: ServiceDeps,
  principal: Principal,
  request: { blockId: string; inputs: JsonObject },
): Promise<BlockOutput> {
  requirePermission(principal, "EXECUTE_BLOCK");
  const descriptor = deps.blocks.catalog.get(request.blockId);
  if (descriptor === undefined) {
    throw notFound("block");
  }
  if (descriptor.disabled) {
    throw new ServiceError(403, "disabled_block", `The block ${descriptor.name} is disabled on this server.`);
  }
  const outputs = await deps.runSingleBlock({ blockId: request.blockId, input: request.inputs }, principal);
  return { outputs };
}
