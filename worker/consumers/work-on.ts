import { blockRegistry } from "#blocks/registry.ts";
import type { WorkMessage } from "#durable-objects/execution/protocol.ts";
import { openDatabase } from "#worker/db/database.ts";
import { executionStub } from "../env.ts";
import type { Env } from "../env.ts";
import { systemClock } from "./clock.ts";
import { createBlockContext } from "./block-context.ts";
import { createNodeCache } from "./node-cache.ts";
import { WorkSession } from "./work-session.ts";

/** Leaves a consumer invocation of 15 minutes room for the longest attempt. */
const BUDGET_MS = 240_000;

/** Does the work that a message hints at. Never throws. */
export async function workOn(env: Env, message: WorkMessage): Promise<void> {
  const session = new WorkSession(
    {
      object: executionStub(env, message.execution_id),
      getBlock: (id) => blockRegistry.get(id),
      context: (lease, graph, { signal, onUsage }) =>
        createBlockContext({
          env,
          signal,
          onUsage,
          idempotencyKey: lease.idempotency_key,
          resume: lease.resume,
          run: {
            executionId: message.execution_id,
            nodeExecutionId: lease.node_execution_id,
            nodeId: lease.node_id,
            graphId: graph.id,
            graphVersion: graph.version,
            attempt: lease.attempt,
          },
        }),
      clock: systemClock,
      cache: createNodeCache(openDatabase(env.DB), () => systemClock.now()),
      consumer: crypto.randomUUID(),
      budgetMs: BUDGET_MS,
    },
    message,
  );
  await session.run();
}
