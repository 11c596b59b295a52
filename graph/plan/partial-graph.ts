import { GraphError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { GraphFile, GraphNode } from "../model/graph-file.ts";
import { nodesBefore, sourcesOf } from "../model/nodes-before.ts";
import { recordOf } from "../own-property.ts";

/**
 * Parts of a graph that can be checked, compiled and run like a whole one, so that a draft need not be finished elsewhere. Limits on the agent's runs
 * (`metadata.weft.flow`) do not hold for a part, and sub-graphs are checked when they are run. Throws GraphError `node_not_found`.
 */

/** The node and all that links lead to it from, over any number of links. */
export function graphUntil(graph: GraphFile, nodeId: string): GraphFile {
  const { id } = nodeOf(graph, nodeId);
  const kept = new Set([id, ...nodesBefore(id, sourcesOf(graph.links))]);
  return part(graph, {
    nodes: graph.nodes.filter((node) => kept.has(node.id)),
    links: graph.links.filter(({ source_id, sink_id }) => kept.has(source_id) && kept.has(sink_id)),
  });
}

/** The node alone, with `inputs` by pin laid over the values that it has in the file. */
export function graphOfOne(graph: GraphFile, nodeId: string, inputs: JsonObject): GraphFile {
  const node = nodeOf(graph, nodeId);
  const values = recordOf([...Object.entries(node.input_default), ...Object.entries(inputs)]);
  return part(graph, { nodes: [{ ...node, input_default: values }], links: [] });
}

function nodeOf(graph: GraphFile, nodeId: string): GraphNode {
  const node = graph.nodes.find(({ id }) => id === nodeId);
  if (node === undefined) {
    throw new GraphError("node_not_found", `The graph has no node ${nodeId}.`);
  }
  return node;
}

function part(graph: GraphFile, kept: Pick<GraphFile, "nodes" | "links">): GraphFile {
  const { flow: _flow, ...weft } = graph.metadata?.weft ?? {};
  return { ...graph, ...kept, sub_graphs: [], metadata: { ...graph.metadata, weft } };
}
