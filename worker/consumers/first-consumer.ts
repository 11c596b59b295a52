import { Replica } from "#durable-objects/execution/core/replica.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import { ioSlotsOf, leaseMsOf } from "#durable-objects/execution/env.ts";
import { toLease } from "#durable-objects/execution/wire.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { Env } from "../env.ts";
import { systemClock } from "./clock.ts";
import { sessionDeps } from "./work-on.ts";
import { WorkSession } from "./work-session.ts";
import type { SessionEnd } from "./work-session.ts";

/** How long Cloudflare lets an invocation go on after its caller was answered or has gone, ms. */
const AFTER_REQUEST_MS = 30_000;

/** The Worker that began a run, as the first that works on it (rule ST5). */
export interface FirstConsumer {
  name: string;
  /** Works on the run, once its object has stored it for this consumer. `lists`: rule ST6. Never throws. */
  work(lists: boolean): Promise<SessionEnd>;
}

/**
 * Takes calls to the outside of a run whose first stretch is done, to make them here instead of sending for a consumer. Null when there are none, or when
 * they may take longer than this invocation is sure to live.
 */
export function firstConsumer(env: Env, draft: Draft): FirstConsumer | null {
  const { execution_id: executionId, workspace_id: workspaceId, plan } = draft.header;
  if (draft.ended || draft.nextPure() !== undefined || !fitsRequest(env, plan)) {
    return null;
  }
  const leaseMs = leaseMsOf(env, plan);
  const now = systemClock.now();
  const taken = draft.takeWork(ioSlotsOf(env), { now, leaseMs });
  if (taken.length === 0) {
    return null;
  }
  const { state } = draft;
  const leases = taken.map((execution) => toLease({ executionId, plan }, execution, execution.attempt));
  const name = crypto.randomUUID();
  return {
    name,
    work: (lists) => {
      const deps = { ...sessionDeps(env, executionId, name), lists };
      const replica = state.reuse === null ? new Replica(state) : null;
      return new WorkSession(deps, { execution_id: executionId, pool: "io" }).run({
        leases,
        workspaceId,
        plan,
        replica,
        deadline: now + leaseMs,
      });
    },
  };
}

/**
 * On the embedded runtime an invocation lives as long as its work. On Cloudflare only what surely ends in time is taken, and what is known to be quick and does no
 * harm when it is lost and repeated.
 */
function fitsRequest({ WEFT_CONSUMER_MODE: mode }: Pick<Env, "WEFT_CONSUMER_MODE">, plan: Plan): boolean {
  const quick = plan.lease_ms !== undefined;
  return (
    mode === "detach" ||
    plan.nodes.every(
      ({ effects, timeout_ms }) =>
        effects === "pure" || timeout_ms <= AFTER_REQUEST_MS || (quick && effects === "idempotent"),
    )
  );
}
