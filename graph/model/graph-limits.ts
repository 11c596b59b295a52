import { GraphError } from "../errors.ts";

/** Most nodes of one graph. */
export const MAX_NODES = 10_000;
/** Most links of one graph. */
export const MAX_LINKS = 50_000;
/** Most sub-graphs of one file. */
export const MAX_SUB_GRAPHS = 500;
/** Most nodes of a file with all its sub-graphs. */
export const MAX_FILE_NODES = 50_000;

/** Throws GraphError `graph_too_large` when a graph has more nodes or links than a run can hold. */
export function checkGraphSize(size: { nodes: number; links: number }, path = "graph"): void {
  if (size.nodes > MAX_NODES) {
    throw tooLarge(path, `${size.nodes} nodes; the most is ${MAX_NODES}`);
  }
  if (size.links > MAX_LINKS) {
    throw tooLarge(path, `${size.links} links; the most is ${MAX_LINKS}`);
  }
}

export function tooLarge(path: string, what: string): GraphError {
  const message = `The ${path} has ${what}. Split the agent into several that call one another.`;
  return new GraphError("graph_too_large", message, [{ path, message }]);
}
