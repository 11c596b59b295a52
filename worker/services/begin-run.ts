import { waitUntil } from "cloudflare:workers";
import { BlockSamples } from "#durable-objects/execution/block-samples.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import type { ExecutionSummary, ExecutionView, Outcome, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { RunSize } from "#durable-objects/execution/run-size.ts";
import { executionSummary, executionView } from "#durable-objects/execution/view.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { FirstConsumer } from "#worker/consumers/first-consumer.ts";
import { executionStub } from "#worker/env.ts";
import { callObject } from "./call-object.ts";
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
 * (docs/decisions/0014-first-stretch.md). An unasked run that is over by then costs one call of its object and one row of the list. For a caller that
 * waits, calls to the outside that come next are made here too (docs/decisions/0016-first-consumer.md).
 * Answers when the run has ended or after `waitMs`.
 */
export async function beginRun(
  deps: ServiceDeps,
  given: StartRequest,
  { waitMs, unasked = false }: BeginOptions,
): Promise<Outcome<ExecutionView>> {
  const request = await storeLargeValues(deps, given);
  if (request.admission !== undefined && request.admission.hold !== null) {
    return atRun(request.execution_id, () => executionStub(deps.env, request.execution_id).start(request, waitMs));
  }
  const { inputs, ...rest } = request;
  const draft = await deps.runFirstStretch({ ...rest, created_at: deps.now() }, inputs);
  const consumer = waitMs > 0 && !draft.ended ? deps.firstConsumer(draft) : null;
  const outcome = await adopt(deps, draft, { waitMs, done: draft.ended && unasked, consumer });
  if (!outcome.ok || outcome.value !== null) {
    return outcome as Outcome<ExecutionView>;
  }
  if (consumer !== null) {
    return goOn(deps, draft.header, { consumer, waitMs, unasked });
  }
  await listEnded(deps, summaryOf(draft));
  return { ok: true, value: executionView(draft.header, draft.state) };
}

/** Works on the run until it is over, nothing is left for this Worker, or the wait is over; what is under way then goes on behind the caller's back. */
async function goOn(
  deps: ServiceDeps,
  { execution_id, workspace_id }: RunHeader,
  { consumer, waitMs, unasked }: { consumer: FirstConsumer; waitMs: number; unasked: boolean },
): Promise<Outcome<ExecutionView>> {
  const until = deps.now() + waitMs;
  const work = workAndList(deps, { execution_id, workspace_id }, { consumer, unasked });
  waitUntil(work);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeIsOver = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), waitMs);
  });
  const ended = await Promise.race([work, timeIsOver]);
  clearTimeout(timer);
  return ended === null
    ? atRun(execution_id, () =>
        executionStub(deps.env, execution_id).wait(workspace_id, Math.max(0, until - deps.now())),
      )
    : { ok: true, value: ended };
}

/** The run as it ended, when it ended with this Worker's work and is this Worker's to list (rule ST6). Never throws. */
async function workAndList(
  deps: ServiceDeps,
  { execution_id, workspace_id }: Pick<RunHeader, "execution_id" | "workspace_id">,
  { consumer, unasked }: { consumer: FirstConsumer; unasked: boolean },
): Promise<ExecutionView | null> {
  const ending = await consumer.work(unasked);
  if (ending === undefined) {
    return null;
  }
  if (await listEnded(deps, ending.summary)) {
    const told = executionStub(deps.env, execution_id).listed(workspace_id, ending.summary.seq);
    // When the object does not hear of it, its alarm asks the list.
    waitUntil(told.catch(() => undefined));
  }
  return ending.view;
}

async function adopt(
  deps: ServiceDeps,
  draft: Draft,
  { waitMs, done, consumer }: { waitMs: number; done: boolean; consumer: FirstConsumer | null },
): Promise<Outcome<ExecutionView | null>> {
  const { execution_id, workspace_id } = draft.header;
  try {
    const begun = draft.toBegunRun(done, consumer?.name ?? (done ? crypto.randomUUID() : undefined));
    return await atRun(execution_id, () => executionStub(deps.env, execution_id).adopt(begun, waitMs));
  } catch (error) {
    // The object may have stored the run and its answer be lost: then it must not stay out of the list for ever.
    if (done) {
      waitUntil(relist(deps, execution_id, workspace_id));
    }
    throw error;
  }
}

/** A start that is asked for twice is one start. */
function atRun<T>(id: string, call: () => Promise<T>): Promise<T> {
  return callObject(call, { of: "run", id, repeatable: true });
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

/** Rule ST4: the run shows in lists before its start is answered; when it cannot be written there, its object sees to it. Whether it is there. */
async function listEnded(deps: ServiceDeps, summary: ExecutionSummary): Promise<boolean> {
  deps.observeRun(summary);
  const { execution_id, workspace_id } = summary;
  try {
    await deps.listRun(summary);
    return true;
  } catch (error) {
    log("warn", "the list of runs could not be written; the run's object will see to it", {
      execution_id,
      error: errorMessage(error),
    });
    await relist(deps, execution_id, workspace_id);
    return false;
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
