import { WorkerEntrypoint } from "cloudflare:workers";
import type { Output } from "#durable-objects/execution/core/stored-value.ts";
import type { CarryRequest, ChildRequest, Outcome, WorkMessage } from "#durable-objects/execution/protocol.ts";
import { readProjectedSeq } from "#worker/db/execution-projection.ts";
import type { GraphKey } from "#worker/db/graph-table.ts";
import { openDatabase } from "#worker/db/database.ts";
import type { Env } from "../env.ts";
import { createDeps } from "#worker/compose.ts";
import { forgetGraphHead } from "#worker/services/runnable-graph.ts";
import { startChild } from "#worker/services/start-child.ts";
import { carryValues } from "#worker/values/carry-values.ts";
import { POOL_CONSUMERS } from "#durable-objects/execution/pool-consumers.ts";
import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { Places } from "#worker/places.ts";
import { workOn } from "./work-on.ts";

/** A consumer takes no more work after 4 minutes, and its last attempts have 10. */
const LONGEST_WORK_MS = 900_000;

/** Of this isolate: the embedded runtime has one in each of its processes. */
const PLACES: Record<BlockPool, Places> = {
  io: new Places({ most: POOL_CONSUMERS.io, mostMs: LONGEST_WORK_MS }),
  cpu: new Places({ most: POOL_CONSUMERS.cpu, mostMs: LONGEST_WORK_MS }),
  memory: new Places({ most: POOL_CONSUMERS.memory, mostMs: LONGEST_WORK_MS }),
};

/** This Worker's door to itself, reached through the binding WORK_RUNNER. */
export class WorkRunner extends WorkerEntrypoint<Env> {
  /**
   * Takes work on, and answers as soon as it has begun: how a queue handler gets free on the embedded runtime, which delivers one batch at a time. As many consumers as Cloudflare
   * would have work side by side; what is beyond that waits in the queue, where it holds no lease that could end.
   */
  async work(messages: WorkMessage[]): Promise<void> {
    for (const message of messages) {
      const leave = await PLACES[message.pool].enter();
      this.ctx.waitUntil(workOn(this.env, message).finally(leave));
    }
  }

  /** Starts a run for a node of another run. */
  async startChild(request: ChildRequest): Promise<Outcome<null>> {
    return startChild(createDeps(this.env), request);
  }

  /** Gives a run large values of another one as its own. */
  async carryValues(request: CarryRequest): Promise<Output[]> {
    return carryValues(this.env, request);
  }

  /** A process beside this one has changed a graph. */
  forgetGraph(key: GraphKey): void {
    forgetGraphHead(key);
  }

  /** How far the list of runs in D1 knows a run; 0 when it does not. */
  async listedSeq(executionId: string, workspaceId: string): Promise<number> {
    return (await readProjectedSeq(openDatabase(this.env.DB), { workspaceId, executionId })) ?? 0;
  }
}
