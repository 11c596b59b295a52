import { v5 as uuidv5 } from "uuid";
import { inShard, shardOf } from "#graph/run/shard.ts";
import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { errorMessage, log } from "../logger.ts";
import type { ExecutionEnv } from "./env.ts";
import type { ChildNewsAnswer, ExecutionRpc, ExecutionSummary, Outcome, WorkMessage } from "./protocol.ts";
import type { ChildNews } from "./core/child.ts";
import type { Output } from "./core/stored-value.ts";
import type { JsonValue } from "#graph/json.ts";
import type { RunHeader } from "./store.ts";
import type { WorkspaceRpc } from "../workspace/protocol.ts";

/** The world that a run's commits act on. Sends may fail: nothing here is needed for the run to end, the alarm sees to that. */
export interface Effects {
  announce(pool: BlockPool, count: number): Promise<void>;
  list(summary: ExecutionSummary): Promise<void>;
  listedSeq(): Promise<number>;
  setAlarm(at: number): void;
  /** Does `work` after `ms`; the answer calls it off. A pending timer keeps the object from sleeping. */
  later(ms: number, work: () => void): () => void;
  /** Keeps the object alive for a send, and logs its failure. */
  background(what: string, work: Promise<unknown>): void;
  now(): number;
  readonly workspaceId: string;
  startChild(ne: string, payload: JsonValue): Promise<Outcome<null>>;
  /** Makes large values among a child's outputs this run's own. */
  carryValues(ne: string, outputs: Output[], selects: string[]): Promise<Output[]>;
  child(ne: string): Pick<ExecutionRpc, "cancel" | "pause" | "unpause" | "newsFor">;
  tellParent(news: ChildNews): Promise<ChildNewsAnswer>;
  workspace(): Pick<WorkspaceRpc, "release" | "reacquire">;
}

/** The queue of each pool, by its binding: what computes long or needs much memory does not stand before what only waits. */
export const QUEUE_OF = {
  io: "WORK_QUEUE_IO",
  cpu: "WORK_QUEUE_CPU",
  memory: "WORK_QUEUE_MEMORY",
} as const satisfies Record<BlockPool, keyof ExecutionEnv>;

/** What the platform must give for the effects of one object. */
export interface EffectsHost {
  waitUntil(work: Promise<unknown>): void;
  /** Keeps the object from leaving the memory by itself, until the answer is called. */
  busy(): () => void;
  storage: { setAlarm(at: number): Promise<void> };
}

/** The id of the run that a node execution starts: always the same, so that starting it twice is starting it once. It is of the shard of its parent. */
export function childExecutionId(executionId: string, ne: string): string {
  return inShard(uuidv5(ne, executionId), shardOf(executionId));
}

export function createEffects(host: EffectsHost, env: () => ExecutionEnv, header: RunHeader): Effects {
  const background = (what: string, work: Promise<unknown>): void => {
    const failed = (error: unknown): void =>
      log("warn", `could not ${what}`, { execution_id: header.execution_id, error: errorMessage(error) });
    host.waitUntil(work.catch(failed).finally(host.busy()));
  };
  const stub = (id: string): ExecutionRpc => {
    const { EXECUTIONS } = env();
    return EXECUTIONS.get(EXECUTIONS.idFromName(id)) as unknown as ExecutionRpc;
  };
  return {
    announce: (pool, count) => hint(env()[QUEUE_OF[pool]], { execution_id: header.execution_id, pool }, count),
    list: async (summary) => {
      await env().PROJECTION_QUEUE.send(summary);
    },
    listedSeq: () => env().WORK_RUNNER.listedSeq(header.execution_id, header.workspace_id),
    setAlarm: (at) => background("set the alarm", host.storage.setAlarm(at)),
    later: (ms, work) => {
      const done = host.busy();
      const timer = setTimeout(() => {
        done();
        work();
      }, ms);
      return () => {
        done();
        clearTimeout(timer);
      };
    },
    background,
    now: () => Date.now(),
    workspaceId: header.workspace_id,
    startChild: (ne, payload) =>
      env().WORK_RUNNER.startChild({
        execution_id: childExecutionId(header.execution_id, ne),
        workspace_id: header.workspace_id,
        parent: {
          execution_id: header.execution_id,
          ne,
          hops: (header.parent?.hops ?? 0) + 1,
          root_graph_id: (header.parent ?? header.root)?.root_graph_id ?? header.plan.graph_id,
          root_graph_version: (header.parent ?? header.root)?.root_graph_version ?? header.plan.graph_version,
        },
        payload,
      }),
    carryValues: (ne, outputs, selects) =>
      env().WORK_RUNNER.carryValues({
        workspace_id: header.workspace_id,
        from_execution_id: childExecutionId(header.execution_id, ne),
        to_execution_id: header.execution_id,
        outputs,
        selects,
      }),
    child: (ne) => stub(childExecutionId(header.execution_id, ne)),
    workspace: () => {
      const { WORKSPACES } = env();
      return WORKSPACES.get(WORKSPACES.idFromName(header.workspace_id)) as unknown as WorkspaceRpc;
    },
    tellParent: (news) => stub(header.parent?.execution_id ?? "").takeChildNews(header.workspace_id, news),
  };
}

/** A message that arrives too often costs a look at the run, one that is missing costs the wait for the alarm: 100 are enough for any moment. */
async function hint(queue: ExecutionEnv["WORK_QUEUE_IO"], body: WorkMessage, count: number): Promise<void> {
  if (count === 1) {
    await queue.send(body);
  } else {
    await queue.sendBatch(Array.from({ length: Math.min(count, 100) }, () => ({ body })));
  }
}
