import { GraphError, type GraphErrorDetail } from "../errors.ts";
import { isUnsafeName } from "../own-property.ts";
import { basePinName } from "../pins/dynamic-pins.ts";
import type { GraphFile, GraphLink, GraphNode, SubGraph } from "./graph-file.ts";

const SHOWN = 50;

/**
 * What must hold in every stored graph: ids of nodes and links are unique, links join existing nodes, no name is one of
 * JavaScript's own. Throws GraphError `invalid_name` or `invalid_graph` with one detail for each finding (the first
 * 50).
 */
export function checkIntegrity(graph: GraphFile | SubGraph, path = ""): void {
  const names: GraphErrorDetail[] = [];
  const structure: GraphErrorDetail[] = [];
  if (graph.id !== undefined && isUnsafeName(graph.id)) {
    names.push(badName(`${path}id`, graph.id));
  }
  const nodeIds = new Set<string>();
  for (const [index, node] of graph.nodes.entries()) {
    const at = `${path}nodes[${index}]`;
    names.push(...nodeNames(node, at));
    if (nodeIds.has(node.id)) {
      structure.push({
        path: `${at}.id`,
        code: "duplicate_node_id",
        message: `Another node has the id ${node.id} already.`,
      });
    }
    nodeIds.add(node.id);
  }
  const linkIds = new Set<string>();
  for (const [index, link] of graph.links.entries()) {
    const at = `${path}links[${index}]`;
    names.push(...linkNames(link, at));
    structure.push(...danglingEnds(link, nodeIds, at));
    if (linkIds.has(link.id)) {
      structure.push({
        path: `${at}.id`,
        code: "duplicate_link_id",
        message: `Another link has the id ${link.id} already.`,
      });
    }
    linkIds.add(link.id);
  }
  if (names.length > 0) {
    throw new GraphError(
      "invalid_name",
      summary("The graph uses names that are not allowed", names),
      names.slice(0, SHOWN),
    );
  }
  if (structure.length > 0) {
    throw new GraphError(
      "invalid_graph",
      summary("The graph does not hold together", structure),
      structure.slice(0, SHOWN),
    );
  }
}

function nodeNames(node: GraphNode, path: string): GraphErrorDetail[] {
  const found: GraphErrorDetail[] = isUnsafeName(node.id) ? [badName(`${path}.id`, node.id)] : [];
  for (const pin of Object.keys(node.input_default)) {
    if (isUnsafeName(basePinName(pin))) {
      found.push(badName(`${path}.input_default`, pin));
    }
  }
  return found;
}

function linkNames(link: GraphLink, path: string): GraphErrorDetail[] {
  const found: GraphErrorDetail[] = isUnsafeName(link.id) ? [badName(`${path}.id`, link.id)] : [];
  for (const key of ["source_name", "sink_name"] as const) {
    if (isUnsafeName(basePinName(link[key]))) {
      found.push(badName(`${path}.${key}`, link[key]));
    }
  }
  return found;
}

function danglingEnds(link: GraphLink, nodeIds: ReadonlySet<string>, path: string): GraphErrorDetail[] {
  return (["source_id", "sink_id"] as const)
    .filter((key) => !nodeIds.has(link[key]))
    .map((key) => ({
      path: `${path}.${key}`,
      code: "dangling_link",
      message: `Link ${link.id} ends at the node ${link[key]}, which does not exist.`,
    }));
}

function badName(path: string, name: string): GraphErrorDetail {
  return { path, code: "invalid_name", message: `"${name}" may not be used as a name.` };
}

export function summary(text: string, details: readonly GraphErrorDetail[]): string {
  const [first] = details;
  if (first === undefined) {
    return `${text}.`;
  }
  const more = details.length > 1 ? ` (and ${details.length - 1} more)` : "";
  return `${text}: ${first.path === "" ? "" : `${first.path}: `}${first.message}${more}`;
}
