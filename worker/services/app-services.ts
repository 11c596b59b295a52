import type { AppGraph, AppServices } from "#worker/contracts/app-context.ts";
import type { GraphView } from "#worker/contracts/graph.ts";
import type { Principal } from "#worker/auth/principal.ts";
import { listLastExecutions } from "#worker/db/execution-table.ts";
import { estimateRun } from "./admission-estimate.ts";
import { getChildExecution } from "./child-execution.ts";
import * as executions from "./execution-service.ts";
import * as graphs from "./graph-service.ts";
import * as reruns from "./rerun-service.ts";
import type { ServiceDeps } from "./service-deps.ts";

const SOURCE = "page";

/** The use cases that the pages need, bound to one person: the same functions that the API calls. */
export function bindAppServices(deps: ServiceDeps, principal: Principal): AppServices {
  return {
    graphs: {
      list: (page) => listGraphsWithRuns(deps, principal, page),
      get: async (graphId, version) => toAppGraph(await graphs.getGraph(deps, principal, { graphId, version })),
      import: async (file) => {
        const graph = toAppGraph(await graphs.createGraph(deps, principal, file));
        return { graph, problems: graph.problems };
      },
      remove: (graphId) => graphs.deleteGraph(deps, principal, graphId),
      estimate: (graphId) => estimateRun(deps, principal, graphId),
    },
    executions: {
      list: ({ graph_id: graphId, ...filter }) => executions.listExecutions(deps, principal, { ...filter, graphId }),
      get: (id) => executions.getExecution(deps, principal, id),
      start: (request) =>
        executions.startExecution(deps, principal, {
          graphId: request.graph_id,
          graphVersion: request.graph_version,
          inputs: request.inputs,
          waitSeconds: 0,
          source: SOURCE,
        }),
      cancel: (id) => executions.cancelExecution(deps, principal, id),
      pause: (id) => executions.pauseExecution(deps, principal, id),
      resume: (id) => executions.resumeExecution(deps, principal, id),
      retry: (id, key) => reruns.retryExecution(deps, principal, id, rerunOptions(key)),
      fork: (id, fork, key) => reruns.forkExecution(deps, principal, { id, fork }, rerunOptions(key)),
      reviews: (id) => executions.listReviews(deps, principal, id),
      decideReview: (executionId, reviewId, decision, autoApprove) =>
        executions.decideReview(deps, principal, { executionId, reviewId, decision, autoApprove }),
      child: (executionId, nodeExecutionId) => getChildExecution(deps, principal, { executionId, nodeExecutionId }),
      events: (executionId, after, limit) =>
        executions.listExecutionEvents(deps, principal, { executionId, after, limit }),
    },
    blocks: {
      describe: (blockIds) => [...new Set(blockIds)].flatMap((id) => deps.blocks.catalog.get(id) ?? []),
    },
  };
}

function rerunOptions(idempotencyKey: string): reruns.RerunOptions {
  return { source: SOURCE, waitSeconds: 0, idempotencyKey };
}

async function listGraphsWithRuns(
  deps: ServiceDeps,
  principal: Principal,
  page: { cursor?: string; limit?: number; search?: string },
): ReturnType<AppServices["graphs"]["list"]> {
  const { items, next_cursor } = await graphs.listGraphs(deps, principal, page);
  const graphIds = items.map((graph) => graph.id);
  const last = await listLastExecutions(deps.db, { workspaceId: principal.workspaceId, graphIds });
  const byGraph = new Map(last.map((run) => [run.graphId, run]));
  return {
    items: items.map((graph) => {
      const run = byGraph.get(graph.id);
      const lastExecution =
        run === undefined
          ? null
          : { id: run.id, status: run.status, started_at: isoOrNull(run.startedAt), ended_at: isoOrNull(run.endedAt) };
      return { ...graph, last_execution: lastExecution };
    }),
    next_cursor,
  };
}

function toAppGraph(graph: GraphView): AppGraph {
  const { id, version, name, description, nodes, links, input_schema, output_schema, problems } = graph;
  return { id, version, name, description, nodes, links, input_schema, output_schema, problems };
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
