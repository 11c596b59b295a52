import type { Quantiles } from "#durable-objects/workspace/protocol.ts";
import type { Principal } from "#worker/auth/principal.ts";
import type { EstimateView } from "#worker/contracts/estimate.ts";
import { findGraph } from "#worker/db/graph-table.ts";
import { workspaceStub } from "#worker/env.ts";
import { requirePermission } from "./require-permission.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { notFound } from "./service-error.ts";

/** What a run of a graph would take if it were started now, from the runs before it. @throws ServiceError 404. */
export async function estimateRun(deps: ServiceDeps, principal: Principal, graphId: string): Promise<EstimateView> {
  requirePermission(principal, "READ_GRAPH");
  const { workspaceId } = principal;
  if ((await findGraph(deps.db, { workspaceId, graphId })) === undefined) {
    throw notFound("graph");
  }
  const { duration_ms, tokens, cost_usd, size, outliers, ...rest } = await workspaceStub(
    deps.env,
    workspaceId,
  ).estimate(graphId);
  return {
    graph_id: graphId,
    ...rest,
    duration_ms: rounded(duration_ms, 1),
    tokens: rounded(tokens, 1),
    cost_usd: rounded(cost_usd, 1e-6),
    size: rounded(size, 1),
    outliers: outliers.map((outlier) => ({ ...outlier, at: new Date(outlier.at).toISOString() })),
  };
}

function rounded(quantiles: Quantiles | null, unit: number): Quantiles | null {
  const round = (value: number): number => Math.round(value / unit) * unit;
  return quantiles === null
    ? null
    : { p50: round(quantiles.p50), p90: round(quantiles.p90), p99: round(quantiles.p99) };
}
