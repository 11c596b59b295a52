import type { JsonObject } from "#graph/json.ts";
import { AGENT_EXECUTOR_BLOCK_ID } from "#graph/model/agent-node.ts";
import type { GraphFile, GraphNode } from "#graph/model/graph-file.ts";

/**
 * Gives a file the id and version under which it is stored. Ids of nodes and links stay: they are unique within a version, and whoever
 * made the file finds them again in runs and events. Nodes that name their own graph follow it, an agent that calls itself included.
 */
export function adoptGraph(graph: GraphFile, as: { id: string; version: number }): GraphFile & { id: string } {
  const oldId = graph.id;
  return { ...graph, ...as, nodes: graph.nodes.map((node) => adoptNode(node, oldId, as)) };
}

function adoptNode(node: GraphNode, oldId: string | undefined, as: { id: string; version: number }): GraphNode {
  const owner: JsonObject = {};
  if (Object.hasOwn(node, "graph_id")) {
    owner.graph_id = as.id;
  }
  if (Object.hasOwn(node, "graph_version")) {
    owner.graph_version = as.version;
  }
  const callsItself =
    node.block_id === AGENT_EXECUTOR_BLOCK_ID && oldId !== undefined && node.input_default.graph_id === oldId;
  return {
    ...node,
    ...owner,
    ...(callsItself ? { input_default: { ...node.input_default, graph_id: as.id } } : {}),
  };
}
