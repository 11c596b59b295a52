import { roundedCost } from "#graph/run/usage.ts";
import type { GraphOutline, Quantiles, RunEstimate } from "#durable-objects/workspace/protocol.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import { findGraph } from "#worker/db/graph-table.ts";
import { workspaceStub } from "#worker/env.ts";
import { callObject } from "./call-object.ts";
import type { ObjectCall } from "./call-object.ts";
import { requirePermission } from "./require-permission.ts";
import { resolveRunnableGraph } from "./runnable-graph.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound, ServiceError } from "./service-error.ts";

/** What a run of a graph would take if it were started now, from the runs before it, or from what its blocks took in others when there was none. @throws ServiceError 404, 503 `overloaded`. */
export async function estimateRun(deps: ServiceDeps, principal: Principal, graphId: string): Promise<EstimateView> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  if ((await findGraph(deps.db, { workspaceId, graphId })) === undefined) {
    throw notFound("graph");
  }
  const ofRuns = await callObject(() => workspaceStub(deps.env, workspaceId).estimate(graphId), asking(workspaceId));
  const ofBlocks = ofRuns.sample_size > 0 ? null : await estimateFromBlocks(deps, { workspaceId, graphId });
  const { duration_ms, tokens, cost_usd, size, outliers, ...rest } = { ...ofRuns, ...ofBlocks };
  return {
    graph_id: graphId,
    ...rest,
    duration_ms: duration_ms === null ? null : eachOf(duration_ms, Math.round),
    tokens: tokens === null ? null : eachOf(tokens, Math.round),
    cost_usd: cost_usd === null ? null : eachOf(cost_usd, roundedCost),
    size: size === null ? null : eachOf(size, Math.round),
    outliers: outliers.map((outlier) => ({ ...outlier, at: new Date(outlier.at).toISOString() })),
  };
}

async function estimateFromBlocks(
  deps: ServiceDeps,
  { workspaceId, graphId }: { workspaceId: string; graphId: string },
): Promise<RunEstimate | null> {
  let plan: Plan;
  try {
    ({ plan } = await resolveRunnableGraph(deps, { workspaceId, graphId, version: undefined }));
  } catch (error) {
    // A graph that cannot run yet has no estimate, which is no reason to fail.
    if (error instanceof ServiceError) {
      return null;
    }
    throw error;
  }
  return callObject(
    () => workspaceStub(deps.env, workspaceId).estimateFromBlocks(outlineOf(plan)),
    asking(workspaceId),
  );
}

function asking(workspaceId: string): ObjectCall {
  return { of: "workspace", id: workspaceId, repeatable: true };
}

function outlineOf({ nodes }: Plan): GraphOutline {
  return {
    nodes: nodes.map(({ block_id, ui_type, effects, links }) => {
      // Its block only asks for the other agent's run, and what that takes is not in the estimate.
      const runsAgent = ui_type === "Agent";
      return {
        block_id: runsAgent ? null : block_id,
        pure: runsAgent || effects === "pure",
        next: links.map(({ sink }) => sink),
      };
    }),
  };
}

function eachOf({ p50, p90, p99 }: Quantiles, round: (value: number) => number): Quantiles {
  return { p50: round(p50), p90: round(p90), p99: round(p99) };
}
