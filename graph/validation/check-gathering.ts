import type { BlockCatalog, Gathers } from "../catalog/block-descriptor.ts";
import type { GraphLink, GraphNode, SubGraph } from "../model/graph-file.ts";
import { nodesBefore, sourcesOf } from "../model/nodes-before.ts";
import { getOwn } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import { MAX_GATHERING } from "../plan/gathering.ts";
import type { GraphProblem } from "./validate-graph.ts";

interface Gathering {
  node: GraphNode;
  gathers: Gathers;
}

/**
 * What hinders the gathering nodes of a graph (rules GA4 and GA7 of the execution's SPEC.md): one that gathers until everything before it is over
 * must not come before itself, whole values go in, and a number given in the node is at least 1.
 */
export function checkGathering(
  graph: SubGraph,
  catalog: BlockCatalog,
): { errors: GraphProblem[]; forRun: GraphProblem[] } {
  const nodes = new Map<string, Gathering>();
  for (const node of graph.nodes) {
    const gathers = catalog.get(node.block_id)?.gathers;
    if (gathers !== undefined) {
      nodes.set(node.id, { node, gathers });
    }
  }
  if (nodes.size === 0) {
    return { errors: [], forRun: [] };
  }
  const errors = graph.links.flatMap((link) => partOfPin(link, nodes.get(link.sink_id)?.gathers));
  const untilEnd = [...nodes.values()].filter((gathering) => gathersUntilEnd(gathering, graph.links));
  const sources = sourcesOf(graph.links);
  const circular = untilEnd.filter(({ node }) => nodesBefore(node.id, sources).has(node.id));
  const forRun: GraphProblem[] = circular.map(({ node, gathers }) => ({
    code: "gathers_in_cycle",
    node_id: node.id,
    message:
      `The node ${node.id} gathers until everything before it is over, but its own outputs lead back to it, so that never comes. ` +
      `Give it a number at "${gathers.count_pin}", or take it out of the circle.`,
  }));
  if (untilEnd.length > MAX_GATHERING) {
    const message = `${untilEnd.length} nodes gather until everything before them is over; a graph may have ${MAX_GATHERING} such nodes.`;
    forRun.push({ code: "too_many_gathering", message });
  }
  for (const { node, gathers } of nodes.values()) {
    if (getOwn(node.input_default, gathers.count_pin) === 0 && !isLinked(node.id, gathers.count_pin, graph.links)) {
      const message = `The node ${node.id} gathers lists of 0 values, so it never has one. Give it a number of 1 or more at "${gathers.count_pin}", or none.`;
      forRun.push({ code: "gathers_nothing", node_id: node.id, message });
    }
  }
  return { errors, forRun };
}

function partOfPin(link: GraphLink, gathers: Gathers | undefined): GraphProblem[] {
  const base = basePinName(link.sink_name);
  if (gathers === undefined || base === link.sink_name || (base !== gathers.pin && base !== gathers.count_pin)) {
    return [];
  }
  const message = `The link ${link.id} fills a part of the input "${base}" of node ${link.sink_id}, which gathers whole values. Link it to "${base}".`;
  return [{ code: "unknown_pin", link_id: link.id, node_id: link.sink_id, message }];
}

function gathersUntilEnd({ node, gathers }: Gathering, links: readonly GraphLink[]): boolean {
  return (
    (getOwn(node.input_default, gathers.count_pin) ?? null) === null && !isLinked(node.id, gathers.count_pin, links)
  );
}

function isLinked(id: string, pin: string, links: readonly GraphLink[]): boolean {
  return links.some(({ sink_id, sink_name }) => sink_id === id && sink_name === pin);
}
