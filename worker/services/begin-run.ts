import { waitUntil } from "cloudflare:workers";
import { BlockSamples } from "#durable-objects/execution/block-samples.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import type { ExecutionSummary, ExecutionView, Outcome, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { RunSize } from "#durable-objects/execution/run-size.ts";
import { executionSummary, executionView } from "#durable-objects/execution/view.ts";
import type { FirstConsumer } from "#worker/consumers/first-consumer.ts";
import { executionStub } from "#worker/env.ts";
import { callObject } from "./call-object.ts";
import { listEnded, listEnding, relist } from "./list-ended.ts";
import { storeLargeValues } from "./store-large-values.ts";
import type { ServiceDeps } from "./service-deps.ts";

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
    return goOn(deps, draft.header, { consumer, waitMs });
  }
  await listEnded(deps, summaryOf(draft));
  return { ok: true, value: executionView(draft.header, draft.state) };
}

/** Works on the run until it is over, nothing is left for this Worker, or the wait is over; what is under way then goes on behind the caller's back. */
async function goOn(
  deps: ServiceDeps,
  { execution_id, workspace_id }: RunHeader,
  { consumer, waitMs }: { consumer: FirstConsumer; waitMs: number },
): Promise<Outcome<ExecutionView>> {
  const until = deps.now() + waitMs;
  const work = workAndList(deps, consumer);
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

/** The run as it ended, when it ended with this Worker's work. Never throws. */
async function workAndList(deps: ServiceDeps, consumer: FirstConsumer): Promise<ExecutionView | null> {
  const ending = await consumer.work();
  if (ending === undefined) {
    return null;
  }
  await listEnding(deps, ending.summary);
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
      waitUntil(relist(deps, { execution_id, workspace_id }));
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
