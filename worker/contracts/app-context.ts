import type { JsonObject, JsonSchema, JsonValue } from "#graph/json.ts";
import type { BlockDescriptor } from "#graph/catalog/block-descriptor.ts";
import type { GraphLink, GraphNode } from "#graph/model/graph-file.ts";
import type { ExecutionEvent, NodeUsage, RunError, RunStats } from "#graph/run/event.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { ReviewDecision } from "#graph/run/wait.ts";
import { createContext } from "react-router";

/**
 * What the pages get from the Worker: a person, and use cases already bound to that person and their workspace.
 * Loaders and actions call these directly, never by HTTP. Every method throws an error that carries `code` (stable, snake_case),
 * `status` (HTTP) and `message` (for people) when it refuses.
 */
export interface AppSession {
  user: { id: string; name: string; email: string };
  workspace: { id: string; name: string };
}

export interface AppPage<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** Something that is wrong with a graph, and where. */
export interface AppGraphProblem {
  code: string;
  message: string;
  severity: "error" | "warning";
  node_id?: string;
  /** Input pin of the node. */
  field?: string;
}

export interface AppRunSummary {
  id: string;
  graph_id: string;
  graph_version: number;
  graph_name: string;
  status: ExecutionStatus;
  source: string;
  error: RunError | null;
  stats: RunStats;
  /** ISO 8601 UTC, as all times here. */
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
}

export interface AppGraphSummary {
  id: string;
  /** The active version. */
  version: number;
  name: string;
  description: string;
  updated_at: string;
  last_execution: Pick<AppRunSummary, "id" | "status" | "started_at" | "ended_at"> | null;
}

export interface AppGraph {
  id: string;
  version: number;
  name: string;
  description: string;
  nodes: GraphNode[];
  links: GraphLink[];
  input_schema: JsonSchema;
  output_schema: JsonSchema;
  problems: AppGraphProblem[];
}

export interface AppQuantiles {
  p50: number;
  p90: number;
  p99: number;
}

/** What a run of an agent takes, from its runs so far; with `blocks`, from what its blocks took in others. Null where nothing is known. */
export interface AppEstimate {
  /** Runs that it is taken from; with `blocks`, executions of the least known block. */
  sample_size: number;
  basis: "hour_of_week" | "hour_of_day" | "all" | "blocks" | "none";
  /** Waits included, but with `blocks`. */
  duration_ms: AppQuantiles | null;
  tokens: AppQuantiles | null;
  cost_usd: AppQuantiles | null;
  /** About how many characters of JSON the largest node execution of a run has as inputs and outputs. */
  size: AppQuantiles | null;
  memory_class: "small" | "large" | null;
  /** Runs that wait for a place before one that is started now. */
  queued_before: number;
  /** The last runs that took much longer than those before them, newest first. */
  outliers: { execution_id: string; duration_ms: number; p99_ms: number }[];
}

export interface AppRun extends AppRunSummary {
  inputs: JsonObject;
  outputs: Record<string, JsonValue[]>;
  /** No block is started until the run is resumed. */
  paused: boolean;
  /** The run that started this one. */
  parent_execution_id: string | null;
  /** The run whose failed nodes this one runs again. */
  retried_from: string | null;
  /** The run and node execution that this one goes on from with other inputs. */
  forked_from: { execution_id: string; node_execution_id: string } | null;
  /** Sequence number of the newest event. */
  last_seq: number;
}

/** A person is asked. */
export interface AppReview {
  /** The node execution that asks. */
  review_id: string;
  node_id: string;
  /** What is asked: `name`, `data`, `editable`, as the block put it. */
  payload: JsonValue;
  asked_at: string;
  /** When the run goes on without an answer. */
  until: string | null;
}

export interface AppNodeExecution {
  node_execution_id: string;
  node_id: string;
  block_id: string;
  status: ExecutionStatus;
  attempt: number;
  input: JsonObject;
  output: Record<string, JsonValue[]>;
  error: RunError | null;
  usage: NodeUsage | null;
  duration_ms: number | null;
}

export interface AppRunFilter {
  graph_id?: string;
  status?: ExecutionStatus[];
  cursor?: string;
  limit?: number;
}

export interface AppServices {
  graphs: {
    list(page: { cursor?: string; limit?: number; search?: string }): Promise<AppPage<AppGraphSummary>>;
    /** Without `version`, the active one. */
    get(graphId: string, version?: number): Promise<AppGraph>;
    /** Checks and stores an agent file; unknown blocks are problems of severity `error`, not a refusal. */
    import(file: unknown): Promise<{ graph: AppGraph; problems: AppGraphProblem[] }>;
    remove(graphId: string): Promise<void>;
    /** May fail or take long when the workspace's object does: pages do without it. */
    estimate(graphId: string): Promise<AppEstimate>;
  };
  executions: {
    list(filter: AppRunFilter): Promise<AppPage<AppRunSummary>>;
    get(executionId: string): Promise<AppRun>;
    start(request: { graph_id: string; graph_version?: number; inputs: JsonObject }): Promise<AppRun>;
    cancel(executionId: string): Promise<AppRun>;
    /** Starts no more blocks, in sub-agents too, until `resume`; what runs, finishes. */
    pause(executionId: string): Promise<AppRun>;
    resume(executionId: string): Promise<AppRun>;
    /**
     * A new run that takes over what completed. 409 `execution_not_ended`, 422 `too_much_to_reuse`. With the same `key` within 24 hours it is the same
     * new run.
     */
    retry(executionId: string, key: string): Promise<AppRun>;
    /** A new run that goes on from a node execution with `inputs` laid over what it had. 409 `node_not_queued`, 422 `too_much_to_reuse`. `key` as of `retry`. */
    fork(executionId: string, at: { node_execution_id: string; inputs: JsonObject }, key: string): Promise<AppRun>;
    /** Pending ones, oldest first. */
    reviews(executionId: string): Promise<AppReview[]>;
    /** 409 `review_not_pending` when it was decided before. `autoApprove`: further ones of the same node too, pending ones included. */
    decideReview(
      executionId: string,
      reviewId: string,
      decision: ReviewDecision,
      autoApprove: boolean,
    ): Promise<AppRun>;
    /** The run that a node execution has started. */
    child(executionId: string, nodeExecutionId: string): Promise<AppRun>;
    /** At most `limit` (≤ 1,000) events after `after`. */
    events(
      executionId: string,
      after: number,
      limit: number,
    ): Promise<{ items: ExecutionEvent[]; last_seq: number; ended: boolean }>;
  };
  blocks: {
    /** Descriptors of the blocks with these ids that exist here. */
    describe(blockIds: readonly string[]): BlockDescriptor[];
  };
}

/** Null while nobody is signed in. */
export const sessionContext = createContext<AppSession | null>(null);

/** Set for every request of a signed-in person. */
export const servicesContext = createContext<AppServices | null>(null);
