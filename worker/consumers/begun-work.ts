import { Replica } from "#durable-objects/execution/core/replica.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import { toLease } from "#durable-objects/execution/wire.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { BegunWork } from "./session-deps.ts";

/** How long Cloudflare lets an invocation go on after its caller was answered or has gone, ms. */
const AFTER_REQUEST_MS = 30_000;

/**
 * Whether a run's work surely fits into the request that begins it. On the embedded runtime (`lasting`) an invocation lives as long as its work. On Cloudflare
 * only what ends in time by itself fits, and what is known to be quick (it has a shorter lease for it) and does no harm when it is lost and repeated.
 */
export function fitsRequest(plan: Plan, lasting: boolean): boolean {
  const quick = plan.lease_ms !== undefined;
  return (
    lasting ||
    plan.nodes.every(
      ({ effects, timeout_ms }) =>
        effects === "pure" || timeout_ms <= AFTER_REQUEST_MS || (quick && effects !== "once"),
    )
  );
}

/**
 * Takes calls to the outside from a run whose first stretch is done, for the Worker that made the draft; null when there are none, or when pure nodes are left that
 * the stretch had no time for. The work may begin once the run's object has stored the draft for this consumer (rule ST5). The draft's state is the
 * session's from then on.
 */
export function takeBegunWork(
  draft: Draft,
  { slots, leaseMs, now }: { slots: number; leaseMs: number; now: number },
): BegunWork | null {
  if (draft.ended || draft.nextPure() !== undefined) {
    return null;
  }
  const { execution_id: executionId, workspace_id: workspaceId, plan } = draft.header;
  const taken = draft.takeWork(slots, { now, leaseMs });
  if (taken.length === 0) {
    return null;
  }
  return {
    leases: taken.map((execution) => toLease({ executionId, plan }, execution, execution.attempt)),
    workspaceId,
    plan,
    replica: draft.state.reuse === null ? new Replica(draft.state) : null,
    deadline: now + leaseMs,
  };
}
