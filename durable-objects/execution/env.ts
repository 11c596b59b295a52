import { SNAPSHOT_EVERY } from "./store.ts";
import type { Output } from "./core/stored-value.ts";
import type { CarryRequest, ChildRequest, ExecutionSummary, Outcome, WorkMessage } from "./protocol.ts";

/** The bindings that an ExecutionObject uses. */
export interface ExecutionEnv {
  WORK_QUEUE_IO: Queue<WorkMessage>;
  WORK_QUEUE_CPU: Queue<WorkMessage>;
  WORK_QUEUE_MEMORY: Queue<WorkMessage>;
  PROJECTION_QUEUE: Queue<ExecutionSummary>;
  EXECUTIONS: DurableObjectNamespace;
  WORKSPACES: DurableObjectNamespace;
  WORK_RUNNER: {
    listedSeq(executionId: string, workspaceId: string): Promise<number>;
    startChild(request: ChildRequest): Promise<Outcome<null>>;
    carryValues(request: CarryRequest): Promise<Output[]>;
  };
  /** Longest time between two signs of life of a leased attempt, ms. */
  WEFT_LEASE_MS?: string;
  /** Events of a run's log after which a snapshot of its state is kept. Default 2,000. */
  WEFT_SNAPSHOT_EVENTS?: string;
  /** Node executions that reach the outside and that one consumer runs at a time. Default 5. */
  WEFT_IO_SLOTS?: string;
  /** A run that is over or sleeps leaves the memory after this long without a call, ms. Default: when the runtime thinks fit. */
  WEFT_RELEASE_MS?: string;
}

export const DEFAULT_LEASE_MS = 30_000;

/** What the deployment says, else what was learnt of the plan, else 30 s. */
export function leaseMsOf(env: Pick<ExecutionEnv, "WEFT_LEASE_MS">, plan?: { lease_ms?: number }): number {
  const given = Number(env.WEFT_LEASE_MS);
  return Number.isFinite(given) && given >= 100 ? given : (plan?.lease_ms ?? DEFAULT_LEASE_MS);
}

/** Node executions that reach the outside and that one consumer runs at a time: a Worker on Cloudflare may hold six connections. */
const DEFAULT_IO_SLOTS = 5;
const MAX_IO_SLOTS = 200;

export function ioSlotsOf(env: Pick<ExecutionEnv, "WEFT_IO_SLOTS">): number {
  const given = Number(env.WEFT_IO_SLOTS);
  return Number.isInteger(given) && given >= 1 ? Math.min(given, MAX_IO_SLOTS) : DEFAULT_IO_SLOTS;
}

/** Null: the runtime decides how long an object stays in memory. */
export function releaseMsOf(env: Pick<ExecutionEnv, "WEFT_RELEASE_MS">): number | null {
  const given = Number(env.WEFT_RELEASE_MS);
  return Number.isInteger(given) && given > 0 ? given : null;
}

export function snapshotEveryOf(env: Pick<ExecutionEnv, "WEFT_SNAPSHOT_EVENTS">): number {
  const given = Number(env.WEFT_SNAPSHOT_EVENTS);
  return Number.isInteger(given) && given >= 1 ? given : SNAPSHOT_EVERY;
}
