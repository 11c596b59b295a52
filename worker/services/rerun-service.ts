import type { ExecutionView, ForkPoint, NodeExecutionDetail, RunOrigin } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { RedriveItem, RedriveResult } from "#worker/contracts/rerun.ts";
import { listExecutions } from "#worker/db/execution-table.ts";
import { findRepeated, startAdmittedRun } from "./admission.ts";
import { fingerprintOf } from "./admission-key.ts";
import { askRun, unwrap } from "./execution-object.ts";
import { decodeCursor, encodeCursor } from "./list-cursor.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";

/** New runs from old ones (docs/decisions/0010-reuse.md). The graph is not asked: the old run has its plan, so a deleted version is no hindrance. */

export interface RerunOptions {
  /** The way in: `api`, `page`. */
  source: string;
  waitSeconds: number;
  /** The same key for the same rerun within 24 hours is the same new run. */
  idempotencyKey?: string | undefined;
}

/**
 * Starts a new run with the old one's inputs that takes over what completed there, so that only what failed, and what follows from it, is run.
 * @throws ServiceError 404, 409 `execution_not_ended`, 422 `too_much_to_reuse`, and what `startAdmittedRun` throws.
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
 * @throws ServiceError 404 (also for a node execution that the run does not have), 409 `node_not_queued`, 422 `too_much_to_reuse`, and what
 * `startAdmittedRun` throws.
 */
export function forkExecution(
  deps: ServiceDeps,
  principal: Principal,
  from: { id: string; fork: ForkPoint },
  options: RerunOptions,
): Promise<ExecutionView> {
  return startFrom(deps, principal, from, options);
}

interface Origin {
  id: string;
  fork: ForkPoint | null;
}

async function startFrom(
  deps: ServiceDeps,
  principal: Principal,
  from: Origin,
  { source, waitSeconds, idempotencyKey: key }: RerunOptions,
): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { workspaceId } = principal;
  const waitMs = waitSeconds * 1_000;
  const idempotency = key === undefined ? undefined : { key, fingerprint: fingerprintOf(requestOf(from)) };
  const repeated = idempotency && (await findRepeated(deps, { workspaceId, waitMs, idempotency }));
  // Found, but not there: the first request died on the way, or the run was deleted. Starting decides which.
  if (repeated && (repeated.ok || repeated.code !== "not_found")) {
    return unwrap(repeated);
  }
  const { plan, inputs, flow, ...more } = await askRun(deps, { workspaceId, executionId: from.id }, (run) =>
    run.rerun(workspaceId, from.fork),
  );
  const outcome = await startAdmittedRun(deps, {
    workspaceId,
    graph: { plan, flow: flow ?? undefined },
    inputs,
    source,
    waitMs,
    idempotency,
    more: { ...more, origin: originOf(from) },
  });
  return unwrap(outcome);
}

/** What a key stands for. */
function requestOf({ id, fork }: Origin): JsonObject {
  const execution_id = id.toLowerCase();
  return fork === null
    ? { kind: "retry", execution_id }
    : { kind: "fork", execution_id, node_execution_id: fork.node_execution_id, inputs: fork.inputs };
}

function originOf({ id, fork }: Origin): RunOrigin {
  const execution_id = id.toLowerCase();
  return fork === null
    ? { kind: "retry", execution_id }
    : { kind: "fork", execution_id, node_execution_id: fork.node_execution_id };
}

export interface RedriveFilter {
  graphId?: string | undefined;
  status: "FAILED" | "TERMINATED";
  /** Runs that ended with this error. */
  errorCode?: string | undefined;
  /** Runs created from this time on, and before that one; ms since the epoch. */
  from?: number | undefined;
  to?: number | undefined;
  limit: number;
  /** `next_cursor` of an earlier call. */
  cursor?: string | undefined;
}

/**
 * Retries the newest runs that a filter finds, one after the other: what each takes over may fill a good part of an isolate's memory. A run that cannot be
 * retried does not keep the others; one that was redriven within 24 hours is answered with the run that it got then.
 * @throws ServiceError 400 `invalid_cursor`
 */
export async function redriveExecutions(
  deps: ServiceDeps,
  principal: Principal,
  filter: RedriveFilter,
  source: string,
): Promise<RedriveResult> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { status, cursor, ...rest } = filter;
  const { workspaceId } = principal;
  const page = await listExecutions(deps.db, { workspaceId, status: [status], ...rest, after: decodeCursor(cursor) });
  const items: RedriveItem[] = [];
  for (const { id } of page.items) {
    items.push(await redriveOne(deps, principal, id, source));
  }
  return { items, next_cursor: encodeCursor(page.next) };
}

/** The key of a run's redrive. A caller's own key has no space, so none can be the same. */
function redriveKey(executionId: string): string {
  return `redrive ${executionId}`;
}

async function redriveOne(deps: ServiceDeps, principal: Principal, id: string, source: string): Promise<RedriveItem> {
  try {
    const options = { source, waitSeconds: 0, idempotencyKey: redriveKey(id) };
    const run = await retryExecution(deps, principal, id, options);
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
