import { blockRegistry } from "#blocks/registry.ts";
import type { Cancellation } from "#blocks/cancellation.ts";
import type { BlockContext } from "#blocks/define-block.ts";
import { ioSlotsOf } from "#durable-objects/execution/env.ts";
import type { Lease, WorkMessage } from "#durable-objects/execution/protocol.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import { openDatabase } from "#worker/db/database.ts";
import { executionStub } from "../env.ts";
import type { Env } from "../env.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { createBlockContext, providerCredential } from "./block-context.ts";
import type { FirstStretchDeps } from "./first-stretch.ts";
import { lastingStub } from "./lasting-stub.ts";
import { observeLater } from "./observe-later.ts";
import { listEnding } from "#worker/services/list-ended.ts";
import type { ListDeps } from "#worker/services/list-ended.ts";
import { listingOf } from "#worker/services/grouped-listing.ts";
import { createNodeCache } from "./node-cache.ts";
import type { NodeCache } from "./node-cache.ts";
import { runValues } from "#worker/values/create-values.ts";
import { WorkSession } from "./work-session.ts";
import type { SessionDeps } from "./session-deps.ts";

/** Leaves a consumer invocation of 15 minutes room for the longest attempt. */
const BUDGET_MS = 240_000;

/** Does the work that a message hints at. Never throws. */
export async function workOn(env: Env, message: WorkMessage): Promise<void> {
  const { execution_id } = message;
  const ending = await new WorkSession(sessionDeps(env, execution_id, crypto.randomUUID()), message).run();
  if (ending !== undefined) {
    await listEnding(listDeps(env), ending.summary);
  }
}

/** What ended runs are listed with. */
export function listDeps(env: Env): ListDeps {
  const listing = listingOf(openDatabase(env.DB));
  return { env, listRun: (summary) => listing.list(summary), observeRun: (summary) => observeLater(env, summary) };
}

/** What every session works with. */
export function sessionDeps(env: Env, executionId: string, consumer: string): SessionDeps {
  return {
    ...blockDeps(env),
    values: (workspaceId) => runValues(env, { workspaceId, executionId }),
    object: lastingStub(() => executionStub(env, executionId)),
    context: (lease, { id, version }, live) =>
      contextFor(env, lease, { executionId, graphId: id, graphVersion: version }, live),
    consumer,
    lists: true,
    slots: ioSlotsOf(env),
    budgetMs: BUDGET_MS,
  };
}

/** What the first stretch of a run, in the Worker that takes its request, is done with: what every other one is. */
export function firstStretchDeps(env: Env): FirstStretchDeps {
  return {
    ...blockDeps(env),
    values: (run) => runValues(env, run),
    context: (lease, { execution_id, plan }, live) =>
      contextFor(
        env,
        lease,
        { executionId: execution_id, graphId: plan.graph_id, graphVersion: plan.graph_version },
        live,
      ),
  };
}

function blockDeps(env: Env): Pick<FirstStretchDeps, "getBlock" | "clock"> & { cache: NodeCache } {
  return {
    getBlock: (id) => blockRegistry.get(id),
    clock: systemClock,
    cache: createNodeCache(
      openDatabase(env.DB),
      () => systemClock.now(),
      (provider) => providerCredential(env, provider),
    ),
  };
}

interface AttemptLife {
  cancellation: Cancellation;
  clock?: Clock;
  onUsage: (add: NodeUsage) => void;
}

function contextFor(
  env: Env,
  lease: Lease,
  { executionId, graphId, graphVersion }: Pick<BlockContext["run"], "executionId" | "graphId" | "graphVersion">,
  { cancellation, clock = systemClock, onUsage }: AttemptLife,
): BlockContext {
  const { node_execution_id: nodeExecutionId, node_id: nodeId, attempt } = lease;
  return createBlockContext({
    env,
    cancellation,
    clock,
    onUsage,
    idempotencyKey: lease.idempotency_key,
    resume: lease.resume,
    retries: lease,
    run: { executionId, graphId, graphVersion, nodeExecutionId, nodeId, attempt },
  });
}
