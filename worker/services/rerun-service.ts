import type { ExecutionView, ForkPoint, NodeExecutionDetail, RunOrigin } from "#durable-objects/execution/protocol.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { RedriveItem } from "#worker/contracts/rerun.ts";
import { listExecutions } from "#worker/db/execution-table.ts";
import { startAdmittedRun } from "./admission.ts";
import { askRun, unwrap } from "./execution-object.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";

/** New runs from old ones (docs/decisions/0010-reuse.md). The graph is not asked: the old run has its plan, so a deleted version is no hindrance. */

export interface RerunOptions {
  /** The way in: `api`, `page`. */
  source: string;
  waitSeconds: number;
}

/**
 * Starts a new run with the old one's inputs that takes over what completed there, so that only what failed, and what follows from it, is run.
 * @throws ServiceError 404, 409 `execution_not_ended`, 422 `too_much_to_reuse`, and what starting any run throws.
 */
export function retryExecution(
  deps: ServiceDeps,
  principal: Principal,
  id: string,
  options: RerunOptions,
): Promise<ExecutionView> {
  return startFrom(deps, principal, { id, fork: null }, options);
}

/**
 * Starts a new run that goes on from a node execution of the old one with `inputs` laid over what it had then.
 * @throws ServiceError 404 (also for a node execution that the run does not have), 409 `node_not_queued`, 422 `too_much_to_reuse`, and what starting
 * any run throws.
 */
export function forkExecution(
  deps: ServiceDeps,
  principal: Principal,
  from: { id: string; fork: ForkPoint },
  options: RerunOptions,
): Promise<ExecutionView> {
  return startFrom(deps, principal, from, options);
}

async function startFrom(
  deps: ServiceDeps,
  principal: Principal,
  { id, fork }: { id: string; fork: ForkPoint | null },
  { source, waitSeconds }: RerunOptions,
): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { workspaceId } = principal;
  const { plan, inputs, flow, ...more } = await askRun(deps, { workspaceId, executionId: id }, (run) =>
    run.rerun(workspaceId, fork),
  );
  const executionId = id.toLowerCase();
  const origin: RunOrigin =
    fork === null
      ? { kind: "retry", execution_id: executionId }
      : { kind: "fork", execution_id: executionId, node_execution_id: fork.node_execution_id };
  const outcome = await startAdmittedRun(deps, {
    workspaceId,
    graph: { plan, flow: flow ?? undefined },
    inputs,
    source,
    waitMs: waitSeconds * 1_000,
    idempotency: undefined,
    more: { ...more, origin },
  });
  return unwrap(outcome);
}

export interface RedriveFilter {
  graphId?: string | undefined;
  status: "FAILED" | "TERMINATED";
  /** Runs created from this time on, and before that one; ms since the epoch. */
  from?: number | undefined;
  to?: number | undefined;
  limit: number;
}

/** Runs retried at a time. */
const SIDE_BY_SIDE = 5;

/** Retries the newest runs that a filter finds. A run that cannot be retried does not keep the others. */
export async function redriveExecutions(
  deps: ServiceDeps,
  principal: Principal,
  filter: RedriveFilter,
  source: string,
): Promise<RedriveItem[]> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { graphId, status, from, to, limit } = filter;
  const { workspaceId } = principal;
  const page = await listExecutions(deps.db, { workspaceId, graphId, status: [status], from, to, after: null, limit });
  const items: RedriveItem[] = [];
  for (let start = 0; start < page.items.length; start += SIDE_BY_SIDE) {
    const some = page.items.slice(start, start + SIDE_BY_SIDE);
    items.push(...(await Promise.all(some.map(({ id }) => redriveOne(deps, principal, id, source)))));
  }
  return items;
}

async function redriveOne(deps: ServiceDeps, principal: Principal, id: string, source: string): Promise<RedriveItem> {
  try {
    const run = await retryExecution(deps, principal, id, { source, waitSeconds: 0 });
    return { execution_id: id, new_execution_id: run.id };
  } catch (error) {
    if (error instanceof ServiceError) {
      return { execution_id: id, error: { code: error.code, message: error.message } };
    }
    throw error;
  }
}

/** One node execution with its attempts, and why it ran or waits. @throws ServiceError 404. */
export async function getNodeExecution(
  deps: ServiceDeps,
  principal: Principal,
  of: { executionId: string; nodeExecutionId: string },
): Promise<NodeExecutionDetail> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  const { executionId, nodeExecutionId } = of;
  return askRun(deps, { workspaceId, executionId }, (run) => run.nodeExecution(workspaceId, nodeExecutionId));
}
