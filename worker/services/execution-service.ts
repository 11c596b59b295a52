import type { ExecutionView, NodeExecutionPage, ReviewView } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import type { ReviewDecision } from "#graph/run/wait.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { ExecutionEventPage } from "#worker/contracts/event.ts";
import type { ExecutionListItem, ExecutionWithNodes } from "#worker/contracts/execution.ts";
import { DEFAULT_PAGE } from "#worker/contracts/list.ts";
import type { List } from "#worker/contracts/list.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import {
  deleteExecutionRow,
  hasExecutionRow,
  listExecutions as listExecutionRows,
} from "#worker/db/execution-table.ts";
import type { ExecutionRow } from "#worker/db/execution-table.ts";
import { valueStore } from "#worker/values/create-values.ts";
import { archiveKey } from "#worker/retention/archive-file.ts";
import { findRepeated, startAdmittedRun } from "./admission.ts";
import { fingerprintOf } from "./admission-key.ts";
import { decodeCursor, encodeCursor } from "./list-cursor.ts";
import { archivedLiveEvents, openArchivedRun } from "./archived-execution.ts";
import { askRun, callRun, unwrap } from "./execution-object.ts";
import { requirePermission } from "./require-permission.ts";
import { storeDecision } from "./store-large-values.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { resolveShapedRun } from "./shaped-run.ts";
import type { ShapeRequest } from "./shaped-run.ts";
import { notFound, ServiceError } from "./service-error.ts";

export interface StartRun {
  graphId: string;
  /** Default: the active version. */
  graphVersion?: number;
  inputs: JsonObject;
  waitSeconds: number;
  /** The way in: `api`, `page`, `external_api`. */
  source: string;
  /** The caller's: the same key within 24 hours is the same run. */
  idempotencyKey?: string;
  /** Absent: a run of the whole agent. */
  shape?: ShapeRequest;
}

/**
 * Starts a run with one call to its object, which answers when the run has ended or the wait is over.
 * @throws ServiceError 404 for an unknown graph or version, 422 `graph_not_runnable` and `invalid_inputs`, and what `startAdmittedRun` throws.
 */
export async function startExecution(deps: ServiceDeps, principal: Principal, run: StartRun): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { workspaceId } = principal;
  const { graphId, graphVersion: version, inputs: given, idempotencyKey: key, source } = run;
  const waitMs = run.waitSeconds * 1000;
  const idempotency =
    key === undefined
      ? undefined
      : {
          key,
          fingerprint: fingerprintOf({
            graph_id: graphId,
            graph_version: version ?? null,
            inputs: given,
            ...shapeRequest(run.shape),
          }),
        };
  try {
    const shaped = await resolveShapedRun(deps, { workspaceId, graphId, version }, given, run.shape ?? {});
    return unwrap(await startAdmittedRun(deps, { workspaceId, ...shaped, source, waitMs, idempotency }));
  } catch (error) {
    // A run that was started stays the answer to its key, whatever has become of its graph.
    const repeated =
      idempotency !== undefined && error instanceof ServiceError && (error.status === 404 || error.status === 422)
        ? await findRepeated(deps, { workspaceId, waitMs, idempotency })
        : null;
    if (repeated === null) {
      throw error;
    }
    return unwrap(repeated);
  }
}

/** The shape as part of the request that a key stands for. */
function shapeRequest(shape: ShapeRequest | undefined): JsonObject {
  return shape === undefined ? {} : (JSON.parse(JSON.stringify({ shape })) as JsonObject);
}

export async function getExecution(deps: ServiceDeps, principal: Principal, id: string): Promise<ExecutionView> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  return askRun(deps, { workspaceId, executionId: id }, (run) => run.view(workspaceId));
}

/** The run with the first page of its node executions. */
export async function getExecutionWithNodes(
  deps: ServiceDeps,
  principal: Principal,
  id: string,
): Promise<ExecutionWithNodes> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  return askRun(deps, { workspaceId, executionId: id }, async (run) => {
    const [view, nodes] = await Promise.all([run.view(workspaceId), run.nodeExecutions(workspaceId, null, 1_000)]);
    if (!view.ok) {
      return view;
    }
    if (!nodes.ok) {
      return nodes;
    }
    return { ok: true, value: { ...view.value, nodes: nodes.value } };
  });
}

export async function listNodeExecutions(
  deps: ServiceDeps,
  principal: Principal,
  query: { executionId: string; cursor?: string; limit: number },
): Promise<NodeExecutionPage> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  const { executionId, cursor = null, limit } = query;
  return askRun(deps, { workspaceId, executionId }, (run) => run.nodeExecutions(workspaceId, cursor, limit));
}

export async function cancelExecution(deps: ServiceDeps, principal: Principal, id: string): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { workspaceId } = principal;
  return askRun(deps, { workspaceId, executionId: id }, (run) =>
    run.cancel(workspaceId, "Stopped by a person or a program."),
  );
}

/** Starts no more nodes of the run until it is resumed; what runs, finishes. Sub-agents are held too. */
export async function pauseExecution(deps: ServiceDeps, principal: Principal, id: string): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { workspaceId } = principal;
  return askRun(deps, { workspaceId, executionId: id }, (run) => run.pause(workspaceId));
}

export async function resumeExecution(deps: ServiceDeps, principal: Principal, id: string): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const { workspaceId } = principal;
  return askRun(deps, { workspaceId, executionId: id }, (run) => run.unpause(workspaceId));
}

/** What people are asked for in a run, oldest first. */
export async function listReviews(deps: ServiceDeps, principal: Principal, id: string): Promise<ReviewView[]> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  return askRun(deps, { workspaceId, executionId: id }, (run) => run.reviews(workspaceId));
}

/** @throws ServiceError 404 for an unknown review, 409 `review_not_pending` for one that is decided. */
export async function decideReview(
  deps: ServiceDeps,
  principal: Principal,
  review: { executionId: string; reviewId: string; decision: ReviewDecision; autoApprove: boolean },
): Promise<ExecutionView> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const of = { workspaceId: principal.workspaceId, executionId: review.executionId };
  const decision = await storeDecision(deps, of, review.decision);
  return askRun(deps, of, (run) => run.review(of.workspaceId, review.reviewId, decision, review.autoApprove), {
    repeatable: false,
  });
}

/** Ends the run if need be, deletes its storage or its archive, and takes it out of the lists. */
export async function deleteExecution(deps: ServiceDeps, principal: Principal, id: string): Promise<void> {
  requirePermission(principal, "EXECUTE_GRAPH");
  const key = { workspaceId: principal.workspaceId, executionId: id.toLowerCase() };
  const outcome = await callRun(deps, id, (run) => run.remove(principal.workspaceId));
  // An object that is gone while its row is left over is what an interrupted delete leaves: finish it.
  if (!outcome.ok && (outcome.code !== "not_found" || !(await hasExecutionRow(deps.db, key)))) {
    unwrap(outcome);
  }
  await valueStore(deps.env).deleteAll(key);
  await deps.env.FILES.delete(archiveKey(key.workspaceId, key.executionId));
  await deleteExecutionRow(deps.db, { ...key, at: deps.now() });
}

export async function listExecutions(
  deps: ServiceDeps,
  principal: Principal,
  query: { graphId?: string; status?: ExecutionStatus[]; cursor?: string; limit?: number },
): Promise<List<ExecutionListItem>> {
  requirePermission(principal, "READ_GRAPH");
  const page = await listExecutionRows(deps.db, {
    workspaceId: principal.workspaceId,
    graphId: query.graphId,
    status: query.status,
    after: decodeCursor(query.cursor),
    limit: query.limit ?? DEFAULT_PAGE,
  });
  return { items: page.items.map(toListItem), next_cursor: encodeCursor(page.next) };
}

export async function listExecutionEvents(
  deps: ServiceDeps,
  principal: Principal,
  query: { executionId: string; after: number; limit: number },
): Promise<ExecutionEventPage> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  const { executionId, after, limit } = query;
  const page = await askRun(deps, { workspaceId, executionId }, (run) => run.events(workspaceId, after, limit));
  const last = page.items.at(-1);
  return { ...page, next_cursor: last !== undefined && last.seq < page.last_seq ? String(last.seq) : null };
}

/** The answer to a WebSocket upgrade: status 101 with the socket, every event after `after` exactly once. */
export async function openLiveEvents(
  deps: ServiceDeps,
  principal: Principal,
  request: { executionId: string; after: number },
): Promise<Response> {
  requirePermission(principal, "READ_GRAPH");
  const response = await callRun(deps, request.executionId, (run) =>
    run.fetch(
      new Request(`https://object/live?after=${request.after}`, {
        headers: { Upgrade: "websocket", "X-Weft-Workspace": principal.workspaceId },
      }),
    ),
  );
  if (response.status === 404) {
    await response.body?.cancel();
    const executionId = request.executionId.toLowerCase();
    const archived = await openArchivedRun(deps, { workspaceId: principal.workspaceId, executionId });
    if (archived === null) {
      throw notFound("execution");
    }
    return archivedLiveEvents(archived, request.after);
  }
  return response;
}

function toListItem(row: ExecutionRow): ExecutionListItem {
  return {
    id: row.id,
    graph_id: row.graphId,
    graph_version: row.graphVersion,
    graph_name: row.graphName,
    status: row.status,
    source: row.source,
    error: row.error,
    stats: row.stats,
    created_at: new Date(row.createdAt).toISOString(),
    started_at: isoOrNull(row.startedAt),
    ended_at: isoOrNull(row.endedAt),
  };
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
