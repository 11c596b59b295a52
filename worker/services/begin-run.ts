import { waitUntil } from "cloudflare:workers";
import { BlockSamples } from "#durable-objects/execution/block-samples.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import type { ExecutionSummary, ExecutionView, Outcome, StartRequest } from "#durable-objects/execution/protocol.ts";
import { RunSize } from "#durable-objects/execution/run-size.ts";
import { executionSummary, executionView } from "#durable-objects/execution/view.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { executionStub } from "#worker/env.ts";
import { storeLargeValues } from "./store-large-values.ts";
import type { ServiceDeps } from "./service-deps.ts";

const RELIST_TRIES = 3;

export interface BeginOptions {
  /** How long to wait for the end. */
  waitMs: number;
  /** Nobody but this request knows the run's id, and nothing counts it: no key, no parent, no place. */
  unasked?: boolean;
}

/**
 * Begins a run here, with the pure nodes that are ready from the start, and gives it to its object to keep and to go on with
 * (docs/decisions/0014-first-stretch.md). An unasked run that is over by then costs one call of its object and one row of the list.
 * Answers when the run has ended or after `waitMs`.
 */
export async function beginRun(
  deps: ServiceDeps,
  given: StartRequest,
  { waitMs, unasked = false }: BeginOptions,
): Promise<Outcome<ExecutionView>> {
  const request = await storeLargeValues(deps, given);
  if (request.admission !== undefined && request.admission.hold !== null) {
    return executionStub(deps.env, request.execution_id).start(request, waitMs);
  }
  const { inputs, ...rest } = request;
  const draft = await deps.runFirstStretch({ ...rest, created_at: deps.now() }, inputs);
  const outcome = await adopt(deps, draft, { waitMs, done: draft.ended && unasked });
  if (!outcome.ok || outcome.value !== null) {
    return outcome as Outcome<ExecutionView>;
  }
  await listEnded(deps, summaryOf(draft));
  return { ok: true, value: executionView(draft.header, draft.state) };
}

async function adopt(
  deps: ServiceDeps,
  draft: Draft,
  { waitMs, done }: { waitMs: number; done: boolean },
): Promise<Outcome<ExecutionView | null>> {
  const { execution_id, workspace_id } = draft.header;
  try {
    return await executionStub(deps.env, execution_id).adopt(draft.toBegunRun(done), waitMs);
  } catch (error) {
    // The object may have stored the run and its answer be lost: then it must not stay out of the list for ever.
    if (done) {
      waitUntil(relist(deps, execution_id, workspace_id));
    }
    throw error;
  }
}

function summaryOf({ header, state, batches }: Draft): ExecutionSummary {
  const samples = new BlockSamples(header.plan);
  const size = new RunSize();
  for (const { first_seq, events } of batches) {
    samples.follow(events);
    size.follow(first_seq, events);
  }
  return { ...executionSummary(header, state), blocks: samples.toRecord(), size: size.largest };
}

/** Rule ST4: the run shows in lists before its start is answered; when it cannot be written there, its object sees to it. */
async function listEnded(deps: ServiceDeps, summary: ExecutionSummary): Promise<void> {
  deps.observeRun(summary);
  const { execution_id, workspace_id } = summary;
  try {
    await deps.listRun(summary);
  } catch (error) {
    log("warn", "the list of runs could not be written; the run's object will see to it", {
      execution_id,
      error: errorMessage(error),
    });
    await relist(deps, execution_id, workspace_id);
  }
}

async function relist(deps: ServiceDeps, executionId: string, workspaceId: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await executionStub(deps.env, executionId).relist(workspaceId);
      return;
    } catch (error) {
      if (tries >= RELIST_TRIES) {
        log("error", "a run that has ended is in no list", { execution_id: executionId, error: errorMessage(error) });
        return;
      }
    }
  }
}
