import type { BlockEffects, BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { FlowSettings } from "#graph/model/flow-settings.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { ExecutionEvent, NodeUsage, Reused, RunError, RunStats } from "#graph/run/event.ts";
import type { ExecutionStatus } from "#graph/run/status.ts";
import type { Resume, ReviewDecision, Wait } from "#graph/run/wait.ts";
import type { ArchiveLines, ArchiveSource } from "./archive-format.ts";
import type { ChildNews, ChildStanding } from "./core/child.ts";
import type { Reuse } from "./core/reuse.ts";
import type { Snapshot } from "./core/snapshot.ts";
import type { Output } from "./core/stored-value.ts";
import type { AdmissionTicket, BlockSample, QueuedReason } from "../workspace/protocol.ts";

/** Expected outcomes cross RPC as data: error classes do not survive it. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; code: string; message: string };

export interface StartRequest {
  execution_id: string;
  workspace_id: string;
  plan: Plan;
  inputs: JsonObject;
  /** Where the run came from: `api`, `page`, `cli`, `external_api`, … */
  source: string;
  parent?: ParentRef;
  origin?: RunOrigin;
  reuse?: Reuse;
  /** Nothing outside is touched; the plan sees to it. */
  dry_run?: true;
  /** Inputs of a dry run that were not given: their values are samples. */
  sampled_inputs?: string[];
  /** It is not the whole agent that runs, or not all of its nodes do. */
  shape?: RunShape;
  root?: RootGraph;
  /** Set when the workspace counts this run; with a `hold` it is created and waits for `admit`. */
  admission?: RunAdmission;
}

/**
 * A run whose first stretch was done by the Worker that took the request (draft.ts). Texts: an object that has nothing more to do with the run
 * stores them as they are.
 */
export interface BegunRun {
  execution_id: string;
  workspace_id: string;
  /** ms since the epoch */
  created_at: number;
  /** `RunHeader` as JSON. */
  header: string;
  /** Without a gap from event 1 on; `events` is the list as JSON. */
  batches: { first_seq: number; last_seq: number; at: number; events: string }[];
  /** The run is over, the caller puts it in the list of runs, and nobody else waits for it. */
  done: boolean;
  /** The caller goes on with the run as this consumer: what its events have started and not ended is leased to it (rule ST5). */
  consumer?: string;
}

/** How a run differs from one of the whole agent: the plan has it already, this is what is said of it. */
export interface RunShape {
  only_node_id?: string;
  until_node_id?: string;
  /** Nodes that gave outputs they were told to give instead of running. */
  pinned_node_ids?: string[];
}

/** The stored graph whose file holds the sub-graphs that a run may name. */
export interface RootGraph {
  root_graph_id: string;
  root_graph_version: number;
}

/** The run that another one was started from by a person: its retry, or its fork at a node execution. */
export type RunOrigin =
  | { kind: "retry"; execution_id: string }
  | { kind: "fork"; execution_id: string; node_execution_id: string };

/** Where a run is forked: from this node execution on, which gets `inputs` laid over what it had. */
export interface ForkPoint {
  node_execution_id: string;
  inputs: JsonObject;
}

/** What a new run takes from an old one. */
export interface Rerun {
  plan: Plan;
  inputs: JsonObject;
  reuse: Reuse;
  /** The agent's limits on its runs, if it had any. */
  flow: FlowSettings | null;
  dry_run?: true;
  /** Inputs of a dry run that were not given: their values are samples. */
  sampled_inputs?: string[];
  shape?: RunShape;
  root?: RootGraph;
}

/** How a run came to start: kept with the run, so that it can remind the workspace. */
export interface RunAdmission {
  ticket: AdmissionTicket;
  /** Why it had to wait at first; null when it could start at once. */
  hold: QueuedReason | null;
}

/** The node execution of another run that waits for a run. */
export interface ParentRef extends RootGraph {
  execution_id: string;
  ne: string;
  /** How many runs are above. */
  hops: number;
}

/** An order to start a run for a node of another; `payload` is what the node's block asked for. */
export interface ChildRequest {
  execution_id: string;
  workspace_id: string;
  parent: ParentRef;
  payload: JsonValue;
}

/** Outputs of one run that become another's, with large values among them: the other run gets them as its own. */
export interface CarryRequest {
  workspace_id: string;
  from_execution_id: string;
  to_execution_id: string;
  outputs: Output[];
  /** What the other run's links select of them. */
  selects: string[];
}

/** Outputs of a child that its parent has; -1: the parent does not wait for it. */
export interface ChildNewsAnswer {
  outputs: number;
}

/** A person is asked. Times are ISO 8601 UTC. */
export interface ReviewView {
  /** The node execution that asks. */
  review_id: string;
  node_id: string;
  payload: JsonValue;
  asked_at: string;
  /** When the run goes on without an answer. */
  until: string | null;
}

/** What everybody is told of a run. Times are ISO 8601 UTC. */
export interface ExecutionView {
  id: string;
  graph_id: string;
  graph_version: number;
  graph_name: string;
  status: ExecutionStatus;
  /** No node is started until the run is resumed. */
  paused: boolean;
  /** Why a run that was accepted has not started yet; null when nothing keeps it. */
  queued_reason: QueuedReason | null;
  source: string;
  /** The run that started this one. */
  parent_execution_id: string | null;
  /** The run whose failed nodes this one runs again. */
  retried_from: string | null;
  forked_from: { execution_id: string; node_execution_id: string } | null;
  /** Nothing outside is touched: effectful nodes give samples. */
  dry_run: boolean;
  /** Inputs of a dry run that were not given: their values are samples. Absent: none. */
  sampled_inputs?: string[];
  /** What of the agent ran, if not all of it. */
  shape?: RunShape;
  inputs: JsonObject;
  /** Values by output name, in the order in which they reached the output nodes. */
  outputs: Record<string, JsonValue[]>;
  error: RunError | null;
  stats: RunStats;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  last_seq: number;
}

export interface NodeExecutionView {
  node_execution_id: string;
  node_id: string;
  block_id: string;
  status: ExecutionStatus;
  attempt: number;
  input: JsonObject;
  /** Values by pin, in order of yield. */
  output: Record<string, JsonValue[]>;
  error: RunError | null;
  usage: NodeUsage | null;
  /** Why it was not run; null when it was. */
  reused: Reused | null;
  queued_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  duration_ms: number | null;
}

/** One attempt of a node execution. */
export interface AttemptView {
  attempt: number;
  started_at: string;
  ended_at: string | null;
  /** `lost`: its consumer vanished. `waiting`: the block asked to go on later. `stopped`: the run ended. */
  outcome: "running" | "completed" | "failed" | "retrying" | "lost" | "waiting" | "stopped";
  error: RunError | null;
  retry_at: string | null;
  usage: NodeUsage | null;
}

/** Where the value at a pin came from; all null but the pin: it was an input of the run. */
export interface NodeCause {
  pin: string;
  node_execution_id: string | null;
  node_id: string | null;
  source_name: string | null;
  at: string | null;
}

/** Why a node execution is as it is; the codes are listed in worker/contracts/rerun.ts. */
export interface NodeExplanation {
  code: string;
  message: string;
}

export interface NodeExecutionDetail extends NodeExecutionView {
  attempts: AttemptView[];
  causes: NodeCause[];
  missing_pins: string[];
  explanation: NodeExplanation;
}

export interface EventPage {
  items: ExecutionEvent[];
  /** Sequence number of the newest event of the run. */
  last_seq: number;
  /** No event will follow `last_seq`. */
  ended: boolean;
}

export interface NodeExecutionPage {
  items: NodeExecutionView[];
  next_cursor: string | null;
}

/** One attempt of one node execution, handed to a consumer until `deadline`. */
export interface Lease {
  node_execution_id: string;
  node_id: string;
  block_id: string;
  attempt: number;
  /** Values by exact linked pin name, plus run inputs; defaults not merged, nothing coerced. Large ones are markers (core/stored-value.ts). */
  input: JsonObject;
  input_default: JsonObject;
  effects: BlockEffects;
  timeout_ms: number;
  /** ms since the epoch; renew before it passes. */
  deadline: number;
  idempotency_key: string;
  /** Attempts that the node's retry policy allows after this one; absent: none. */
  retries_left?: number;
  /** The only codes that it repeats; absent: all but the final ones. */
  retry_on?: string[];
  /** Set when an equal execution's result may serve for a time. */
  cache: { ttl_seconds: number } | null;
  /** Set when the node execution goes on after a wait. */
  resume: Resume | null;
  /** What links take of the outputs, where they take a part: told with an output that is stored (rule BV3). */
  selects?: string[];
}

export interface LeaseRequest {
  consumer: string;
  pool: BlockPool;
  /** Most leases of effectful work to hand out now; -1: the consumer takes nothing any more, pure work included. */
  max: number;
  /** The consumer would go on by itself over pure nodes: `state` when it needs the run's state for it, `all` when it needs the plan too. */
  wants?: "state" | "all";
  /** If the run ends with this call, the consumer puts it in the list of runs (rule ST6). */
  lists?: true;
}

/** What a consumer needs to go on by itself (rules LC1 to LC3). */
export interface Sync {
  snapshot: Snapshot;
  plan: Plan | null;
}

/** What a consumer has to say of one attempt. Outputs count from `first_output` within the attempt. */
export interface AttemptReport {
  node_execution_id: string;
  attempt: number;
  first_output: number;
  /** The consumer began this attempt by itself, without a lease. */
  begun?: true;
  /** Large values are markers: they were stored before. */
  outputs: Output[];
  /** Absent while the block is still running. */
  end?:
    | { status: "completed"; duration_ms: number; usage?: NodeUsage; reused?: "cache" }
    | {
        status: "failed";
        duration_ms: number;
        error: RunError;
        /** The block says that another attempt may succeed. */
        retryable: boolean;
        /** The block says that none can; without either the node's policy decides alone. */
        final?: true;
        retry_after_ms?: number;
        usage?: NodeUsage;
      }
    | { status: "waiting"; duration_ms: number; wait: Wait; usage?: NodeUsage };
}

export interface WorkAnswer {
  /** Empty when there is no run. */
  workspace_id: string;
  graph_id: string;
  graph_version: number;
  leases: Lease[];
  /** The log is long by now: what is not very small is to be stored (rule BV13). */
  crowded?: true;
  /** Seq of the newest event after this call. */
  seq: number;
  sync: Sync | null;
  /** The report was of a consumer that knew the log to its end: nothing had happened that it did not know of (rule LC3). */
  continued?: true;
  /** Attempts among the reported or renewed ones that the object no longer wants: stop them. */
  refused: { node_execution_id: string; attempt: number }[];
  /** ms since the epoch by which the consumer must report or renew. */
  deadline: number;
  ended: boolean;
  /** The run ended with this call, and the consumer puts it in the list, as it asked for. */
  ending?: { view: ExecutionView; summary: ExecutionSummary };
}

/** What the object tells the projection of runs in D1. Applied only when `seq` is newer than what the row has. */
export interface ExecutionSummary {
  execution_id: string;
  workspace_id: string;
  graph_id: string;
  graph_version: number;
  graph_name: string;
  status: ExecutionStatus;
  source: string;
  seq: number;
  error: RunError | null;
  stats: RunStats;
  /** ms since the epoch */
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  /** Nothing of it goes on: it is paused, everything left waits, or it has not been let go yet. */
  idle?: true;
  /** A dry run, or one that has parts from another run: what it took says nothing of others. */
  atypical?: true;
  /** After the end: what executions of blocks took, a few of each. */
  blocks?: Record<string, BlockSample[]>;
  /** After the end: about how many characters of JSON the largest of its node executions had as inputs and outputs. */
  size?: number;
}

/** The RPC surface of `ExecutionObject`. Every call from outside names the workspace and gets `not_found` for another's run. */
export interface ExecutionRpc {
  start(request: StartRequest, waitMs: number): Promise<Outcome<ExecutionView>>;
  /**
   * As `start`, for a run that the caller has begun. Null: it is stored as the caller has it, and it is over or the caller goes on with it. A run that is
   * here already is left as it is and answered.
   */
  adopt(run: BegunRun, waitMs: number): Promise<Outcome<ExecutionView | null>>;
  /** A run is about to come: the object opens its storage before. Changes nothing, and a run need not come. */
  wake(): Promise<void>;
  /** The caller could not put an ended run in the list of runs: the object does, now and until it is there. */
  relist(workspaceId: string): Promise<Outcome<null>>;
  /** The list of runs has this ended run as of event `seq`: it need not be looked for. */
  listed(workspaceId: string, seq: number): Promise<Outcome<null>>;
  view(workspaceId: string): Promise<Outcome<ExecutionView>>;
  /** Answers when the run has ended or after `waitMs`, whichever is first. */
  wait(workspaceId: string, waitMs: number): Promise<Outcome<ExecutionView>>;
  cancel(workspaceId: string, reason: string): Promise<Outcome<ExecutionView>>;
  events(workspaceId: string, after: number, limit: number): Promise<Outcome<EventPage>>;
  nodeExecutions(workspaceId: string, cursor: string | null, limit: number): Promise<Outcome<NodeExecutionPage>>;
  /** Starts no more nodes until `unpause`; what runs, finishes. */
  pause(workspaceId: string): Promise<Outcome<ExecutionView>>;
  unpause(workspaceId: string): Promise<Outcome<ExecutionView>>;
  reviews(workspaceId: string): Promise<Outcome<ReviewView[]>>;
  /** Codes: `not_found`, `review_not_pending`. `autoApprove`: the node's further reviews in this run are approved by themselves. */
  review(
    workspaceId: string,
    reviewId: string,
    decision: ReviewDecision,
    autoApprove: boolean,
  ): Promise<Outcome<ExecutionView>>;
  /** A call from outside ends a wait; the caller has shown its right to it. Codes: `not_found`, `callback_not_pending`. */
  callback(nodeExecutionId: string, data: JsonValue): Promise<Outcome<null>>;
  /** Lets a run go that was held until the workspace has room; any other is left as it is. */
  admit(workspaceId: string): Promise<Outcome<{ ended: boolean; idle: boolean }>>;
  nodeExecution(workspaceId: string, ne: string): Promise<Outcome<NodeExecutionDetail>>;
  /** What a new run needs to start from this one; `fork` null: its retry. Codes: see `rerunOf`. */
  rerun(workspaceId: string, fork: ForkPoint | null): Promise<Outcome<Rerun>>;
  /**
   * What the archive needs of a run that is over. Codes: `not_found`, `execution_not_ended`, `execution_not_settled` (the list of runs, the parent or
   * the workspace do not know of the end yet).
   */
  archiveSource(workspaceId: string): Promise<Outcome<ArchiveSource>>;
  /** Batches after an event, about `maxChars` of them; none when there are no more. */
  archiveLines(workspaceId: string, after: number, maxChars: number): Promise<Outcome<ArchiveLines>>;
  /** Deletes all storage of a run that is over and whose newest event is `lastSeq`: the archive has it. */
  discard(workspaceId: string, lastSeq: number): Promise<Outcome<null>>;
  /** Ends the run if it is not, then deletes all its storage. */
  remove(workspaceId: string): Promise<Outcome<null>>;

  lease(request: LeaseRequest): Promise<WorkAnswer>;
  /** `continuedFrom`: the seq of the state from which the consumer went on by itself, or null. */
  report(reports: AttemptReport[], next: LeaseRequest, continuedFrom: number | null): Promise<WorkAnswer>;
  heartbeat(attempts: { node_execution_id: string; attempt: number }[]): Promise<WorkAnswer>;

  /** A child run tells its parent. */
  takeChildNews(workspaceId: string, news: ChildNews): Promise<ChildNewsAnswer>;
  /** A parent asks its child for everything from output `from` on. */
  newsFor(workspaceId: string, from: number): Promise<Outcome<ChildStanding>>;
}

/** Body of a message on a work queue: a hint that there is work, nothing more. */
export interface WorkMessage {
  execution_id: string;
  pool: BlockPool;
}
