import { GraphError, type GraphErrorCode } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import { findNonJson } from "../json-value.ts";
import type { GraphFile, GraphLink, GraphNode } from "../model/graph-file.ts";
import { nodeMetadataSchema } from "../model/graph-file.ts";
import { checkGraphSize } from "../model/graph-limits.ts";
import { isUnsafeName } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import type { BatchOp, GraphFields, GraphOp, SingleGraphOp } from "./graph-op.ts";

export interface Applied {
  graph: GraphFile;
  /** Undoes the operation: applied to `graph` it gives back a graph deeply equal to the one before. */
  inverse: GraphOp;
}

type OpOf<T extends SingleGraphOp["type"]> = Extract<SingleGraphOp, { type: T }>;

/**
 * Applies one operation to a graph. The given graph is not changed; what the operation leaves alone is shared with the
 * new one. Throws GraphError `node_not_found`, `node_exists`, `link_not_found`, `link_exists`, `dangling_link`,
 * `invalid_name`, `invalid_index`, `invalid_metadata`, `invalid_fields`, `graph_too_large`; then nothing has changed,
 * of a batch neither.
 */
export function applyGraphOp(graph: GraphFile, op: GraphOp): Applied {
  switch (op.type) {
    case "batch":
      return applyBatch(graph, op);
    case "add_node":
      return addNode(graph, op);
    case "remove_node":
      return removeNode(graph, op);
    case "move_node":
      return moveNode(graph, op);
    case "set_block":
      return setBlock(graph, op);
    case "set_input":
      return setInput(graph, op);
    case "set_node_metadata":
      return setNodeMetadata(graph, op);
    case "add_link":
      return addLink(graph, op);
    case "remove_link":
      return removeLink(graph, op);
    case "set_graph_fields":
      return setGraphFields(graph, op);
    default: {
      const unknown: never = op;
      throw new TypeError(`unknown graph operation ${JSON.stringify(unknown)}`);
    }
  }
}

function applyBatch(graph: GraphFile, { ops }: BatchOp): Applied {
  const inverses: SingleGraphOp[][] = [];
  let current = graph;
  for (const op of ops) {
    const applied = applyGraphOp(current, op);
    current = applied.graph;
    inverses.push(applied.inverse.type === "batch" ? applied.inverse.ops : [applied.inverse]);
  }
  return { graph: current, inverse: { type: "batch", ops: inverses.reverse().flat() } };
}

function addNode(graph: GraphFile, { node, index }: OpOf<"add_node">): Applied {
  refuseName(node.id, `nodes.${node.id}`);
  for (const pin of Object.keys(node.input_default)) {
    refuseName(basePinName(pin), `nodes.${node.id}.input_default`);
  }
  if (graph.nodes.some((other) => other.id === node.id)) {
    throw refusal("node_exists", `nodes.${node.id}`, `The graph has a node ${node.id} already.`);
  }
  checkGraphSize({ nodes: graph.nodes.length + 1, links: graph.links.length });
  const nodes = insertAt(graph.nodes, node, index);
  return { graph: { ...graph, nodes }, inverse: { type: "remove_node", node_id: node.id } };
}

function removeNode(graph: GraphFile, { node_id }: OpOf<"remove_node">): Applied {
  const { node, index } = findNode(graph, node_id);
  const links: GraphLink[] = [];
  const restore: SingleGraphOp[] = [{ type: "add_node", node, index }];
  for (const [at, link] of graph.links.entries()) {
    if (link.source_id === node_id || link.sink_id === node_id) {
      // In rising order each index is that of the list as it stands when its turn to be restored comes.
      restore.push({ type: "add_link", link, index: at });
    } else {
      links.push(link);
    }
  }
  return {
    graph: { ...graph, nodes: graph.nodes.filter((other) => other !== node), links },
    inverse: { type: "batch", ops: restore },
  };
}

function moveNode(graph: GraphFile, { node_id, position }: OpOf<"move_node">): Applied {
  const { node, index } = findNode(graph, node_id);
  const { position: before, ...rest } = node.metadata;
  const metadata = position === undefined ? rest : { ...rest, position };
  return {
    graph: replaceNode(graph, index, { ...node, metadata }),
    inverse: { type: "move_node", node_id, ...(before === undefined ? {} : { position: before }) },
  };
}

function setBlock(graph: GraphFile, { node_id, block_id }: OpOf<"set_block">): Applied {
  const { node, index } = findNode(graph, node_id);
  return {
    graph: replaceNode(graph, index, { ...node, block_id }),
    inverse: { type: "set_block", node_id, block_id: node.block_id },
  };
}

function setInput(graph: GraphFile, { node_id, pin, value }: OpOf<"set_input">): Applied {
  refuseName(basePinName(pin), `nodes.${node_id}.input_default`);
  const { node, index } = findNode(graph, node_id);
  const { [pin]: before, ...rest } = node.input_default;
  const had = Object.hasOwn(node.input_default, pin);
  const input_default = value === undefined ? rest : { ...node.input_default, [pin]: value };
  return {
    graph: replaceNode(graph, index, { ...node, input_default }),
    inverse: { type: "set_input", node_id, pin, ...(had && before !== undefined ? { value: before } : {}) },
  };
}

function setNodeMetadata(graph: GraphFile, { node_id, key, value }: OpOf<"set_node_metadata">): Applied {
  refuseName(key, `nodes.${node_id}.metadata`);
  if (key === "position") {
    throw refusal("invalid_metadata", `nodes.${node_id}.metadata`, "Move a node with move_node.");
  }
  const { node, index } = findNode(graph, node_id);
  const { [key]: before, ...rest } = node.metadata;
  const parsed = nodeMetadataSchema.safeParse(value === undefined ? rest : { ...node.metadata, [key]: value });
  if (!parsed.success) {
    const message = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    throw refusal("invalid_metadata", `nodes.${node_id}.metadata`, message);
  }
  return {
    graph: replaceNode(graph, index, { ...node, metadata: parsed.data }),
    inverse: { type: "set_node_metadata", node_id, key, ...(isJson(before) ? { value: before } : {}) },
  };
}

function addLink(graph: GraphFile, { link, index }: OpOf<"add_link">): Applied {
  const path = `links.${link.id}`;
  for (const name of [link.id, basePinName(link.source_name), basePinName(link.sink_name)]) {
    refuseName(name, path);
  }
  if (graph.links.some((other) => other.id === link.id)) {
    throw refusal("link_exists", path, `The graph has a link ${link.id} already.`);
  }
  for (const end of [link.source_id, link.sink_id]) {
    if (!graph.nodes.some((node) => node.id === end)) {
      throw refusal("dangling_link", path, `The link ${link.id} ends at the node ${end}, which does not exist.`);
    }
  }
  checkGraphSize({ nodes: graph.nodes.length, links: graph.links.length + 1 });
  return {
    graph: { ...graph, links: insertAt(graph.links, link, index) },
    inverse: { type: "remove_link", link_id: link.id },
  };
}

function removeLink(graph: GraphFile, { link_id }: OpOf<"remove_link">): Applied {
  const index = graph.links.findIndex((link) => link.id === link_id);
  const link = graph.links[index];
  if (link === undefined) {
    throw refusal("link_not_found", `links.${link_id}`, `The graph has no link ${link_id}.`);
  }
  return {
    graph: { ...graph, links: graph.links.toSpliced(index, 1) },
    inverse: { type: "add_link", link, index },
  };
}

function setGraphFields(graph: GraphFile, { fields, unset = [] }: OpOf<"set_graph_fields">): Applied {
  const both = unset.find((key) => fields[key] !== undefined);
  if (both !== undefined) {
    throw refusal("invalid_fields", both, `The field ${both} is both set and taken away.`);
  }
  const changed: GraphFile = { ...graph };
  const before: GraphFields = {};
  const absent: OpOf<"set_graph_fields">["unset"] = [];
  for (const key of FIELDS) {
    if (fields[key] === undefined && !unset.some((other) => other === key)) {
      continue;
    }
    copyField(graph, before, key);
    if (before[key] === undefined && isOptional(key)) {
      absent.push(key);
    }
    if (fields[key] === undefined) {
      delete changed[key];
    } else {
      copyField(fields, changed, key);
    }
  }
  return {
    graph: changed,
    inverse: { type: "set_graph_fields", fields: before, ...(absent.length === 0 ? {} : { unset: absent }) },
  };
}

const FIELDS = ["name", "description", "instructions", "recommended_schedule_cron", "is_active", "metadata"] as const;

function copyField(from: GraphFields, to: GraphFields, key: keyof GraphFields): void {
  if (from[key] !== undefined) {
    Object.assign(to, { [key]: from[key] });
  }
}

function isOptional(key: keyof GraphFields): key is "instructions" | "recommended_schedule_cron" | "metadata" {
  return key === "instructions" || key === "recommended_schedule_cron" || key === "metadata";
}

function findNode(graph: GraphFile, nodeId: string): { node: GraphNode; index: number } {
  const index = graph.nodes.findIndex((node) => node.id === nodeId);
  const node = graph.nodes[index];
  if (node === undefined) {
    throw refusal("node_not_found", `nodes.${nodeId}`, `The graph has no node ${nodeId}.`);
  }
  return { node, index };
}

function replaceNode(graph: GraphFile, index: number, node: GraphNode): GraphFile {
  return { ...graph, nodes: graph.nodes.with(index, node) };
}

function insertAt<T>(list: T[], item: T, index: number | undefined): T[] {
  if (index !== undefined && index > list.length) {
    throw refusal("invalid_index", "index", `There is no place ${index} in a list of ${list.length}.`);
  }
  return list.toSpliced(index ?? list.length, 0, item);
}

function isJson(value: unknown): value is JsonValue {
  return value !== undefined && findNonJson(value) === undefined;
}

function refuseName(name: string, path: string): void {
  if (isUnsafeName(name)) {
    throw refusal("invalid_name", path, `"${name}" may not be used as a name.`);
  }
}

function refusal(code: GraphErrorCode, path: string, message: string): GraphError {
  return new GraphError(code, message, [{ path, message }]);
}
