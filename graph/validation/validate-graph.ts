import type { BlockCatalog, BlockDescriptor } from "../catalog/block-descriptor.ts";
import { flowKeyInput, flowKeys } from "../model/flow-settings.ts";
import type { GraphFile, GraphLink, GraphNode, SubGraph } from "../model/graph-file.ts";
import { isUnsafeName, recordOf } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import { inputNodes } from "../schema/io-nodes.ts";
import { checkGathering } from "./check-gathering.ts";
import { validateNode } from "./validate-node.ts";
import { hasPin, type NodePins, nodePins } from "./node-pins.ts";

export type GraphProblemCode =
  | "duplicate_node_id"
  | "duplicate_link_id"
  | "invalid_name"
  | "dangling_link"
  | "unknown_block"
  | "disabled_block"
  | "unknown_pin"
  | "unknown_flow_input"
  | "no_starting_node"
  | "gathers_in_cycle"
  | "gathers_nothing"
  | "too_many_gathering";

/** Something wrong with the graph as a whole, one of its links or one of its blocks. */
export interface GraphProblem {
  code: GraphProblemCode;
  message: string;
  /** Id of the sub-graph, absent for the graph itself. */
  graph_id?: string;
  node_id?: string;
  link_id?: string;
}

export interface GraphValidation {
  /** No errors and no node errors. */
  ok: boolean;
  errors: GraphProblem[];
  /** What does not hinder saving but will hinder running: blocks that are missing or switched off, gathering in a circle. */
  warnings: GraphProblem[];
  /** By node id, then by field: a message for people. Nodes of sub-graphs included. */
  node_errors: Record<string, Record<string, string>>;
}

export interface ValidateOptions {
  /** True right before a run: every node must have what it requires, and every block must be there. */
  forRun: boolean;
}

/**
 * Checks a graph and its sub-graphs (autogpt.md §3.2). On save, required fields are asked for at input, output and
 * agent nodes only, and unknown or disabled blocks are warnings, so that any agent file can be kept and mended; for a
 * run all of it must be right.
 */
export function validateGraph(graph: GraphFile, catalog: BlockCatalog, options: ValidateOptions): GraphValidation {
  const found: Findings = { errors: [], warnings: [], nodes: new Map() };
  validateOne(graph, catalog, { ...options, found, graphId: undefined });
  for (const subGraph of graph.sub_graphs) {
    validateOne(subGraph, catalog, { ...options, found, graphId: subGraph.id ?? "" });
  }
  return {
    ok: found.errors.length === 0 && found.nodes.size === 0,
    errors: found.errors,
    warnings: found.warnings,
    node_errors: recordOf([...found.nodes].map(([id, fields]) => [id, recordOf(fields)] as const)),
  };
}

interface Findings {
  errors: GraphProblem[];
  warnings: GraphProblem[];
  nodes: Map<string, Map<string, string>>;
}

interface Validation {
  forRun: boolean;
  found: Findings;
  graphId: string | undefined;
}

interface KnownNode {
  node: GraphNode;
  /** Absent for blocks that are not installed: nothing is known of their pins. */
  pins: NodePins | undefined;
}

function validateOne(graph: SubGraph, catalog: BlockCatalog, validation: Validation): void {
  const nodes = new Map<string, KnownNode>();
  for (const node of graph.nodes) {
    const block = catalog.get(node.block_id);
    if (isUnsafeName(node.id)) {
      error(validation, {
        code: "invalid_name",
        node_id: node.id,
        message: `"${node.id}" may not be used as a node id.`,
      });
    }
    if (nodes.has(node.id)) {
      error(validation, { code: "duplicate_node_id", node_id: node.id, message: `Two nodes have the id ${node.id}.` });
    }
    nodes.set(node.id, { node, pins: block === undefined ? undefined : nodePins(node, block) });
    checkBlock(node, block, validation);
  }
  const linked = checkLinks(graph.links, nodes, validation);
  checkFlow(graph, catalog, validation);
  const gathering = checkGathering(graph, catalog);
  gathering.errors.forEach((problem) => error(validation, problem));
  gathering.forRun.forEach((problem) => hindersRunning(validation, problem));
  for (const { node, pins } of nodes.values()) {
    const block = catalog.get(node.block_id);
    if (block === undefined || pins === undefined || block.ui_type === "Note") {
      continue;
    }
    const fields = validateNode({
      node,
      block,
      pins,
      linked: linked.get(node.id) ?? new Set(),
      forRun: validation.forRun,
    });
    if (fields.size > 0) {
      validation.found.nodes.set(node.id, fields);
    }
  }
  if (validation.forRun && !hasStart(graph, catalog, linked)) {
    error(validation, {
      code: "no_starting_node",
      message: "The agent has no node to start from. Add an input, or a node without incoming links.",
    });
  }
}

function checkBlock(node: GraphNode, block: BlockDescriptor | undefined, validation: Validation): void {
  let problem: GraphProblem | undefined;
  if (block === undefined) {
    const message = `The block ${node.block_id} is not installed here. Replace the node before running the agent.`;
    problem = { code: "unknown_block", node_id: node.id, message };
  } else if (block.disabled) {
    const message = `The block "${block.name}" is switched off in this deployment. Replace the node before running the agent.`;
    problem = { code: "disabled_block", node_id: node.id, message };
  }
  if (problem !== undefined) {
    hindersRunning(validation, problem);
  }
}

/** A flow setting can only be kept apart by an input that the agent has. */
function checkFlow(graph: SubGraph, catalog: BlockCatalog, validation: Validation): void {
  const flow = graph.metadata?.weft?.flow;
  if (flow === undefined) {
    return;
  }
  const names = [...new Set(inputNodes(graph, catalog).map((input) => input.name))];
  for (const { setting, key } of flowKeys(flow)) {
    if (!names.includes(flowKeyInput(key) ?? "")) {
      const known = names.slice(0, 20).join(", ");
      error(validation, {
        code: "unknown_flow_input",
        message: `metadata.weft.flow.${setting}.key is "${key}", but the agent has no such input (it has: ${known === "" ? "none" : known}).`,
      });
    }
  }
}

/** Checks all links; returns the base names of the linked input pins of each node. */
function checkLinks(
  links: GraphLink[],
  nodes: ReadonlyMap<string, KnownNode>,
  validation: Validation,
): Map<string, Set<string>> {
  const linked = new Map<string, Set<string>>();
  const ids = new Set<string>();
  for (const link of links) {
    if (ids.has(link.id)) {
      error(validation, { code: "duplicate_link_id", link_id: link.id, message: `Two links have the id ${link.id}.` });
    }
    ids.add(link.id);
    checkEnd(link, { kind: "source", node: nodes.get(link.source_id) }, validation);
    checkEnd(link, { kind: "sink", node: nodes.get(link.sink_id) }, validation);
    const pins = linked.get(link.sink_id) ?? new Set();
    pins.add(link.sink_name);
    pins.add(basePinName(link.sink_name));
    linked.set(link.sink_id, pins);
  }
  return linked;
}

function checkEnd(
  link: GraphLink,
  end: { kind: "source" | "sink"; node: KnownNode | undefined },
  validation: Validation,
): void {
  const [id, pin] = end.kind === "source" ? [link.source_id, link.source_name] : [link.sink_id, link.sink_name];
  if (end.node === undefined) {
    const message = `The link ${link.id} ends at the node ${id}, which does not exist. Remove the link or connect it to a node.`;
    error(validation, { code: "dangling_link", link_id: link.id, message });
    return;
  }
  if (isUnsafeName(basePinName(pin))) {
    error(validation, {
      code: "invalid_name",
      link_id: link.id,
      node_id: id,
      message: `"${pin}" may not be used as a pin name.`,
    });
    return;
  }
  const schema = end.kind === "source" ? end.node.pins?.outputs : end.node.pins?.inputs;
  if (schema !== undefined && !hasPin(schema, pin)) {
    const known = Object.keys(schema.properties ?? {})
      .slice(0, 20)
      .join(", ");
    const kind = end.kind === "source" ? "output" : "input";
    error(validation, {
      code: "unknown_pin",
      link_id: link.id,
      node_id: id,
      message: `The link ${link.id} uses the ${kind} "${pin}" of node ${id}, which has no such ${kind} (it has: ${known === "" ? "none" : known}).`,
    });
  }
}

function hasStart(graph: SubGraph, catalog: BlockCatalog, linked: ReadonlyMap<string, Set<string>>): boolean {
  return graph.nodes.some((node) => {
    const type = catalog.get(node.block_id)?.ui_type;
    return type !== "Note" && (type === "Input" || !linked.has(node.id));
  });
}

/** A warning on save, an error before a run. */
function hindersRunning(validation: Validation, problem: GraphProblem): void {
  const { errors, warnings } = validation.found;
  (validation.forRun ? errors : warnings).push(located(validation, problem));
}

function error(validation: Validation, problem: GraphProblem): void {
  validation.found.errors.push(located(validation, problem));
}

function located(validation: Validation, problem: GraphProblem): GraphProblem {
  return validation.graphId === undefined ? problem : { ...problem, graph_id: validation.graphId };
}
