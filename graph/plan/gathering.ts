import type { PlanNode } from "./plan.ts";

/** Most nodes of one graph that gather until everything before them is over. */
export const MAX_GATHERING = 100;

/** For each node, the nodes that gather until the end and that links lead to from it, over any number of links. */
export type GatheringBelow = readonly (readonly number[])[];

/** Null when no node of the plan gathers until the end. */
export function gatheringBelow(nodes: readonly PlanNode[]): GatheringBelow | null {
  const gathering = nodes.flatMap(({ gathers }, index) => (gathers?.until === "end" ? [index] : []));
  if (gathering.length === 0) {
    return null;
  }
  const sources: number[][] = nodes.map(() => []);
  for (const [index, { links }] of nodes.entries()) {
    for (const { sink } of links) {
      sources[sink]?.push(index);
    }
  }
  const below: number[][] = nodes.map(() => []);
  for (const index of gathering) {
    for (const source of closure(index, sources)) {
      below[source]?.push(index);
    }
  }
  return below;
}

/** All that `edges` lead to from a node; the node itself only when they lead back to it. */
function closure(from: number, edges: readonly (readonly number[])[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const next of edges[node] ?? []) {
      if (!found.has(next)) {
        found.add(next);
        open.push(next);
      }
    }
  }
  return found;
}
