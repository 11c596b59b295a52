import type { BlockEffects, BlockPool, BlockUiType, Gathers } from "../catalog/block-descriptor.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { RetryPolicy } from "../model/graph-file.ts";

/**
 * A graph version compiled to what a run needs: nodes by index, links by source, join rules precomputed.
 * Immutable and self-contained: a run never looks at the graph or the catalogue again.
 */
export interface Plan {
  graph_id: string;
  graph_version: number;
  graph_name: string;
  nodes: PlanNode[];
  /** Indexes of the nodes queued at the start: no incoming link, or an input node; never notes. */
  starts: number[];
  /** Names of the run's inputs that must be given (autogpt.md §3.1: inputs whose value is null). */
  required_inputs: string[];
  /** Most node executions in one run. */
  step_limit: number;
  /** Longest time for the whole run, ms; absent = no limit. */
  timeout_ms?: number;
  /** Longest time between two signs of life of an attempt, ms, learnt from earlier runs; absent = the deployment's. */
  lease_ms?: number;
  /** Effectful node executions worth one message, learnt from earlier runs; absent = as many as a consumer runs at a time. */
  per_message?: number;
}

export interface PlanNode {
  id: string;
  block_id: string;
  ui_type: BlockUiType;
  effects: BlockEffects;
  /** `effects` follow from the value that stands at this pin of the node; with another value there, they are `otherwise`. */
  refined?: { pin: string; otherwise: BlockEffects };
  pool: BlockPool;
  timeout_ms: number;
  /** Longest time over all attempts of one node execution, ms; absent = no limit. */
  total_timeout_ms?: number;
  retry?: RetryPolicy;
  /** `input_default` of the node, as in the file (flat dynamic keys included). */
  input_default: JsonObject;
  /** Distinct exact sink pin names with an incoming link, in link order. Every one must hold a value before the node is ready. */
  linked_pins: string[];
  /** The subset of `linked_pins` that a static link feeds. */
  static_pins: string[];
  /** It gathers the values of a pin: lists of so many as its count says, or one list of all when nothing more can come. */
  gathers?: Gathers & { until: "count" | "end" };
  /** Outgoing links in file order. */
  links: PlanLink[];
  /** Outputs that it gives at once, by pin, instead of being run. Only in the plans of runs that asked for it. */
  pinned?: Record<string, JsonValue[]>;
  /** The pinned outputs are samples of a dry run. */
  sampled?: true;
  /** An equal result within this time serves instead of a run of the block; never for `once` blocks. */
  cache?: { ttl_seconds: number };
  /** A failure of this node is handled: some link leaves from its `error` pin. */
  error_linked: boolean;
}

export interface PlanLink {
  /** Source pin, with its dynamic selector if any (`items_$_0`, `data_#_key`). */
  source_name: string;
  /** Index of the sink node in `Plan.nodes`. */
  sink: number;
  sink_name: string;
  is_static: boolean;
}
