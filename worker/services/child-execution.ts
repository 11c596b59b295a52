import { childExecutionId } from "#durable-objects/execution/effects.ts";
import type { ExecutionView } from "#durable-objects/execution/protocol.ts";
import type { Principal } from "#worker/auth/principal.ts";
import { askRun } from "./execution-object.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound } from "./service-error.ts";

/**
 * The run that a node execution of another run has started.
 * @throws ServiceError 404 when it has started none, and for a run of another workspace.
 */
export async function getChildExecution(
  deps: ServiceDeps,
  principal: Principal,
  of: { executionId: string; nodeExecutionId: string },
): Promise<ExecutionView> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  const view = (executionId: string): Promise<ExecutionView> =>
    askRun(deps, { workspaceId, executionId }, (run) => run.view(workspaceId));
  const parent = await view(of.executionId);
  const child = await view(childExecutionId(parent.id, of.nodeExecutionId));
  if (child.parent_execution_id !== parent.id) {
    throw notFound("execution");
  }
  return child;
}
