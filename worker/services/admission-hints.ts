import type { BlockHints } from "#durable-objects/workspace/protocol.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";

type Hints = Record<string, BlockHints>;

const tuned = new WeakMap<Plan, { hints: Hints; plan: Plan }>();

/**
 * The plan with pools, lease length and message size as earlier runs of its blocks suggest. What a block declares beyond the common pool stays; a
 * short lease is for plans alone in which no lost attempt does harm.
 */
export function tunePlan(plan: Plan, hints: Hints | undefined): Plan {
  if (hints === undefined || Object.keys(hints).length === 0) {
    return plan;
  }
  const known = tuned.get(plan);
  if (known?.hints === hints) {
    return known.plan;
  }
  const nodes = plan.nodes.map((node) => tuneNode(node, hintsOf(hints, node)));
  const result = { ...plan, nodes, ...leaseOf(plan.nodes, hints), ...perMessageOf(plan.nodes, hints) };
  tuned.set(plan, { hints, plan: result });
  return result;
}

function tuneNode(node: PlanNode, { pool }: BlockHints): PlanNode {
  const moves = node.pool === "io" && (pool === "memory" || (pool === "cpu" && node.effects === "pure"));
  return moves && pool !== undefined ? { ...node, pool } : node;
}

function leaseOf(nodes: readonly PlanNode[], hints: Hints): { lease_ms?: number } {
  const leases = nodes.filter(({ ui_type }) => ui_type !== "Note").map((node) => hintsOf(hints, node).lease_ms);
  const all = leases.filter((lease) => lease !== undefined);
  return all.length === 0 || all.length < leases.length || nodes.some(({ effects }) => effects === "once")
    ? {}
    : { lease_ms: Math.max(...all) };
}

function perMessageOf(nodes: readonly PlanNode[], hints: Hints): { per_message?: number } {
  const counts = nodes.filter(({ effects }) => effects !== "pure").map((node) => hintsOf(hints, node).per_message);
  const all = counts.filter((count) => count !== undefined);
  return all.length === 0 || all.length < counts.length ? {} : { per_message: Math.min(...all) };
}

function hintsOf(hints: Hints, { block_id }: PlanNode): BlockHints {
  return Object.hasOwn(hints, block_id) ? (hints[block_id] ?? {}) : {};
}
