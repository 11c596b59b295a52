import type { JsonObject } from "../json.ts";
import { getOwn } from "../own-property.ts";
import { basePinName, parseToolPin } from "../pins/dynamic-pins.ts";
import { AGENT_EXECUTOR_BLOCK_ID } from "./agent-node.ts";
import type { GraphFile, GraphLink, GraphNode, SubGraph } from "./graph-file.ts";

/**
 * The graph and its sub-graphs under new ids, as on every creation (autogpt.md §1.2): graphs, nodes and links get new
 * ids, and agent nodes and tool pins follow the graphs and nodes that they name. Agents outside the file keep their
 * ids.
 */
export function reassignIds(graph: GraphFile, newId: () => string): GraphFile {
  const graphIds = new Map<string, string>();
  for (const each of [graph, ...graph.sub_graphs]) {
    if (each.id !== undefined && !graphIds.has(each.id)) {
      graphIds.set(each.id, newId());
    }
  }
  const renew = (each: SubGraph): SubGraph => {
    const id = each.id === undefined ? newId() : (graphIds.get(each.id) ?? newId());
    return { ...each, id, ...renewContents(each, { id, graphIds, newId }) };
  };
  return { ...renew(graph), sub_graphs: graph.sub_graphs.map(renew) };
}

/** New ids for the nodes and links only, as on every save of a new version (autogpt.md §3.1). */
export function reassignNodeIds<G extends SubGraph>(graph: G, newId: () => string): G {
  return { ...graph, ...renewContents(graph, { id: graph.id, graphIds: new Map(), newId }) };
}

interface Renewal {
  id: string | undefined;
  graphIds: ReadonlyMap<string, string>;
  newId: () => string;
}

function renewContents(graph: SubGraph, renewal: Renewal): { nodes: GraphNode[]; links: GraphLink[] } {
  const nodeIds = new Map(graph.nodes.map((node) => [node.id, renewal.newId()]));
  const nodeId = (old: string): string => nodeIds.get(old) ?? old;
  return {
    nodes: graph.nodes.map((node) => renewNode(node, nodeId(node.id), renewal)),
    links: graph.links.map((link) => ({
      ...link,
      id: renewal.newId(),
      source_id: nodeId(link.source_id),
      sink_id: nodeId(link.sink_id),
      source_name: renewToolPin(link.source_name, nodeId),
    })),
  };
}

function renewNode(node: GraphNode, id: string, renewal: Renewal): GraphNode {
  const result: GraphNode = { ...node, id };
  if (typeof node.graph_id === "string" && renewal.id !== undefined) {
    result.graph_id = renewal.id;
  }
  if (node.block_id === AGENT_EXECUTOR_BLOCK_ID) {
    result.input_default = renewAgentInput(node.input_default, renewal.graphIds);
  }
  return result;
}

function renewAgentInput(input: JsonObject, graphIds: ReadonlyMap<string, string>): JsonObject {
  const old = getOwn(input, "graph_id");
  const renewed = typeof old === "string" ? graphIds.get(old) : undefined;
  return renewed === undefined ? input : { ...input, graph_id: renewed };
}

/** `tools_^_{node}_~_{pin}` names a node by its id. */
function renewToolPin(name: string, nodeId: (old: string) => string): string {
  const tool = parseToolPin(name);
  return tool === undefined ? name : `${basePinName(name)}_^_${nodeId(tool.node_id)}_~_${tool.pin}`;
}
