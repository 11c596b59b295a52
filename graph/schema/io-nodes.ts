import type { BlockCatalog, BlockDescriptor } from "../catalog/block-descriptor.ts";
import type { JsonValue } from "../json.ts";
import type { GraphNode } from "../model/graph-file.ts";
import { getOwn } from "../own-property.ts";

/** A node that is one of the agent's inputs or outputs. */
export interface IoNode {
  node: GraphNode;
  block: BlockDescriptor;
  /** Name of the input or output; nodes without one are left out. */
  name: string;
  /** Its `value`: what the node says, else the block's default, else null. */
  value: JsonValue;
}

export function inputNodes(graph: { nodes: GraphNode[] }, catalog: BlockCatalog): IoNode[] {
  return ioNodes(graph, catalog, "Input");
}

export function outputNodes(graph: { nodes: GraphNode[] }, catalog: BlockCatalog): IoNode[] {
  return ioNodes(graph, catalog, "Output");
}

function ioNodes(graph: { nodes: GraphNode[] }, catalog: BlockCatalog, uiType: "Input" | "Output"): IoNode[] {
  const found: IoNode[] = [];
  for (const node of graph.nodes) {
    const block = catalog.get(node.block_id);
    const name = getOwn(node.input_default, "name");
    if (block?.ui_type === uiType && typeof name === "string" && name !== "") {
      const fallback = block.input_schema.properties?.value?.default ?? null;
      found.push({ node, block, name, value: getOwn(node.input_default, "value") ?? fallback });
    }
  }
  return found;
}

/** Names of the inputs that a run must be given: those whose value is null (autogpt.md §3.1). */
export function requiredInputNames(graph: { nodes: GraphNode[] }, catalog: BlockCatalog): string[] {
  const missing = inputNodes(graph, catalog).filter((input) => input.value === null);
  return [...new Set(missing.map((input) => input.name))];
}
