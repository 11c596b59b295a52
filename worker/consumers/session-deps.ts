import type { Cancellation } from "#blocks/cancellation.ts";
import type { Block, BlockContext } from "#blocks/define-block.ts";
import type { Replica } from "#durable-objects/execution/core/replica.ts";
import type { ExecutionRpc, Lease } from "#durable-objects/execution/protocol.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import type { AttemptValues } from "#worker/values/run-values.ts";
import type { Clock } from "./clock.ts";
import type { NodeCache } from "./node-cache.ts";

/** What a session works with. */
export interface SessionDeps {
  object: Pick<ExecutionRpc, "lease" | "report" | "heartbeat">;
  getBlock: (id: string) => Block | undefined;
  context: (
    lease: Lease,
    graph: { id: string; version: number },
    live: { cancellation: Cancellation; clock: Clock; onUsage: (add: NodeUsage) => void },
  ) => BlockContext;
  clock: Clock;
  /** Absent: every block is run. */
  cache?: NodeCache;
  /** Large values of a run of a workspace. Absent: all values are reported as they are. */
  values?: (workspaceId: string) => AttemptValues;
  consumer: string;
  /** Most effectful attempts side by side. */
  slots: number;
  /** Whoever waits for this session puts the run in the list if it ends here (rule ST6). */
  lists?: boolean;
  /** A consumer invocation may live 15 minutes on Cloudflare; after this many ms it takes no new work. */
  budgetMs: number;
}

/** What a session has from the start when the Worker that began a run goes on with it (rule ST5). */
export interface BegunWork {
  leases: Lease[];
  workspaceId: string;
  plan: Plan;
  /** Null: the state is not for a consumer to go on from. */
  replica: Replica | null;
  /** ms since the epoch */
  deadline: number;
}
