/** One thing wrong with a graph file or an operation, and where. `path` is a JSON path such as `nodes[3].block_id`. */
export interface GraphErrorDetail {
  path: string;
  message: string;
  /** Finer than the error's own code where one error gathers several kinds of findings. */
  code?: string;
}

export type GraphErrorCode =
  | "invalid_graph"
  | "invalid_name"
  | "graph_too_large"
  | "unknown_blocks"
  | "disabled_block"
  | "no_starting_node"
  | "gathers_in_cycle"
  | "too_many_gathering"
  | "dynamic_pin_conflict"
  | "dynamic_pin_too_large"
  | "node_not_found"
  | "node_exists"
  | "link_not_found"
  | "link_exists"
  | "dangling_link"
  | "invalid_index"
  | "invalid_metadata"
  | "invalid_fields"
  | "invalid_operation";

/** A refusal by the graph model. `code` is stable, `message` is for people, `details` has every single finding. */
export class GraphError extends Error {
  readonly code: GraphErrorCode;
  readonly details: GraphErrorDetail[];
  constructor(code: GraphErrorCode, message: string, details: GraphErrorDetail[] = []) {
    super(message);
    this.name = "GraphError";
    this.code = code;
    this.details = details;
  }
}
