import type { GraphKey } from "#worker/db/graph-table.ts";
import type { WorkspaceRpc } from "#durable-objects/workspace/protocol.ts";
import { MAX_SHARDS } from "#graph/run/shard.ts";
import type { ExecutionRpc, ExecutionSummary, WorkMessage } from "#durable-objects/execution/protocol.ts";

/** What a stub of an `ExecutionObject` answers: its RPC surface and, for WebSockets, `fetch`. */
export type ExecutionStub = ExecutionRpc & { fetch(request: Request): Promise<Response> };

/** Bindings, variables and secrets of the Worker (wrangler.toml). */
export interface Env {
  DB: D1Database;
  FILES: R2Bucket;
  EXECUTIONS: DurableObjectNamespace;
  WORKSPACES: DurableObjectNamespace;
  WORK_QUEUE_IO: Queue<WorkMessage>;
  WORK_QUEUE_CPU: Queue<WorkMessage>;
  WORK_QUEUE_MEMORY: Queue<WorkMessage>;
  PROJECTION_QUEUE: Queue<ExecutionSummary>;
  /** Service binding to this Worker's own `WorkRunner`. */
  WORK_RUNNER: { work(messages: WorkMessage[]): Promise<void> };
  WEFT_CONSUMER_MODE: string;
  WEFT_EGRESS_ALLOW: string;
  /** Signs sessions; at least 32 characters. */
  WEFT_SECRET?: string;
  /** Where this deployment can be called from outside: what blocks that wait for a call give out. */
  WEFT_PUBLIC_URL?: string;
  /** Set by the starter for the time of one process: opens POST /internal/bootstrap. */
  WEFT_BOOTSTRAP_TOKEN?: string;
  /** The shard of runs that are begun here, where several processes serve one platform. Default 0. */
  WEFT_SHARD?: string;
  /** The processes beside this one that serve the same platform, where there are such. What Cloudflare's isolates know of each other's changes is a matter of seconds. */
  OTHER_PROCESSES?: { forgetGraph(key: GraphKey): Promise<void> };
  /** Longest time between two signs of life of a leased attempt, ms. Default 30,000. */
  WEFT_LEASE_MS?: string;
  /** Node executions that reach the outside and that one consumer runs at a time. Default 5. */
  WEFT_IO_SLOTS?: string;
  /** A run that is over or sleeps leaves the memory after this long without a call, ms. Default: when the runtime thinks fit. */
  WEFT_RELEASE_MS?: string;
  /** Events of a run's log after which a snapshot of its state is kept. Default 2,000. */
  WEFT_SNAPSHOT_EVENTS?: string;
  /** Days after which the log of a run that is over goes to the archive; 0: never. Default 30. */
  WEFT_RETENTION_DAYS?: string;
  /** Most runs of a workspace at a time. Default 1,000. */
  WEFT_MAX_RUNNING_RUNS?: string;
  /** Most runs of a workspace that wait for a place. Default 10,000. */
  WEFT_MAX_QUEUED_RUNS?: string;
  /** Most runs of one agent that wait for a place. Default 2,000. */
  WEFT_MAX_QUEUED_RUNS_PER_AGENT?: string;
  /** What models cost, JSON (blocks/ai/read-model-prices.ts); over the list of blocks/ai/model-prices.ts. */
  WEFT_MODEL_PRICES?: string;
  OPENAI_API_KEY?: string;
  OPENAI_BASE_URL?: string;
  ANTHROPIC_API_KEY?: string;
  ANTHROPIC_BASE_URL?: string;
}

/** The shard of runs that are begun here (graph/run/shard.ts). */
export function ownShard(env: Pick<Env, "WEFT_SHARD">): number {
  const given = Number(env.WEFT_SHARD);
  return Number.isInteger(given) && given > 0 && given < MAX_SHARDS ? given : 0;
}

/** The stub of a run's object; its name is the execution id. */
export function executionStub(env: Pick<Env, "EXECUTIONS">, executionId: string): ExecutionStub {
  return env.EXECUTIONS.get(env.EXECUTIONS.idFromName(executionId)) as unknown as ExecutionStub;
}

/** The stub of a workspace's object; its name is the workspace's id. */
export function workspaceStub(env: Pick<Env, "WORKSPACES">, workspaceId: string): WorkspaceRpc {
  return env.WORKSPACES.get(env.WORKSPACES.idFromName(workspaceId)) as unknown as WorkspaceRpc;
}
