import { waitUntil } from "cloudflare:workers";
import { BlockSamples } from "#durable-objects/execution/block-samples.ts";
import type { Draft } from "#durable-objects/execution/draft.ts";
import type { ExecutionSummary, ExecutionView, Outcome, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { RunHeader } from "#durable-objects/execution/store.ts";
import { RunSize } from "#durable-objects/execution/run-size.ts";
import { executionSummary, executionView } from "#durable-objects/execution/view.ts";
import { systemClock } from "#worker/consumers/clock.ts";
import type { FirstConsumer } from "#worker/consumers/first-consumer.ts";
import type { Storing } from "#worker/consumers/unstored-run.ts";
import { executionStub } from "#worker/env.ts";
import { callObject } from "./call-object.ts";
import { listEnded, listEnding, relist } from "./list-ended.ts";
import { MeasuredRuns } from "./measured-runs.ts";
import { storeLargeValues } from "./store-large-values.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { whenIdleSoon } from "./when-idle.ts";

/** Of this isolate. */
const measuredRuns = new MeasuredRuns();

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
  if (consumer !== null) {
    const begin = consumer.readsOnly && unasked ? workAndStore : storeAndWork;
    return begin(deps, draft, { consumer, waitMs });
  }
  const outcome = await adopt(deps, draft, { waitMs, done: draft.ended && unasked, consumer });
  return isAnswer(outcome) ? outcome : listed(deps, draft);
}

interface FirstWork {
  consumer: FirstConsumer;
  waitMs: number;
}

/** Rule ST5: the run's object has the run before work on it begins. */
async function storeAndWork(
  deps: ServiceDeps,
  draft: Draft,
  { consumer, waitMs }: FirstWork,
): Promise<Outcome<ExecutionView>> {
  const until = deps.now() + waitMs;
  const outcome = await adopt(deps, draft, { waitMs, done: false, consumer });
  if (isAnswer(outcome)) {
    return outcome;
  }
  const ended = await endWithin(waitMs, workAndList(deps, consumer));
  return ended ?? waitAtObject(deps, draft.header, until);
}

/** Rule ST7: work that only reads begins at once. Nobody is told of the run before its object has it. */
async function workAndStore(
  deps: ServiceDeps,
  draft: Draft,
  { consumer, waitMs }: FirstWork,
): Promise<Outcome<ExecutionView>> {
  const until = deps.now() + waitMs;
  const letSleep = whenIdleSoon(systemClock, () => wakeObject(deps, draft.header));
  const storing = new StoringOnce(() => {
    letSleep();
    return adopt(deps, draft, { waitMs, done: draft.ended, consumer: draft.ended ? null : consumer });
  });
  const work = async (): Promise<Outcome<ExecutionView> | null> => {
    const ended = await workAndList(deps, consumer, storing);
    const outcome = await storing.outcome();
    if (ended !== null || isAnswer(outcome)) {
      return ended ?? (outcome as Outcome<ExecutionView>);
    }
    return draft.ended ? listed(deps, draft) : null;
  };
  const ended = await endWithin(waitMs, work());
  if (ended !== null) {
    return ended;
  }
  const outcome = await storing.outcome();
  return isAnswer(outcome) ? outcome : waitAtObject(deps, draft.header, until);
}

class StoringOnce implements Storing {
  readonly #store: () => Promise<Outcome<ExecutionView | null>>;
  #outcome: Promise<Outcome<ExecutionView | null>> | undefined;

  constructor(store: () => Promise<Outcome<ExecutionView | null>>) {
    this.#store = store;
  }

  get begun(): boolean {
    return this.#outcome !== undefined;
  }

  /** What the object said. @throws what the call of it threw */
  outcome(): Promise<Outcome<ExecutionView | null>> {
    return (this.#outcome ??= this.#store());
  }

  done(): Promise<boolean> {
    return this.outcome().then(
      (outcome) => !isAnswer(outcome),
      () => false,
    );
  }
}

/** What `work` comes to, or null when it takes longer than `ms`; it then goes on behind the caller's back. */
async function endWithin<T>(ms: number, work: Promise<T | null>): Promise<T | null> {
  waitUntil(work.catch(() => undefined));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeIsOver = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([work, timeIsOver]);
  } finally {
    clearTimeout(timer);
  }
}

function waitAtObject(
  deps: ServiceDeps,
  { execution_id, workspace_id }: RunHeader,
  until: number,
): Promise<Outcome<ExecutionView>> {
  return atRun(execution_id, () =>
    executionStub(deps.env, execution_id).wait(workspace_id, Math.max(0, until - deps.now())),
  );
}

/** Works on the run until nothing is left for this Worker; answers the run as it ended, when it ended with that and is in the list. Never throws. */
async function workAndList(
  deps: ServiceDeps,
  consumer: FirstConsumer,
  storing?: Storing,
): Promise<Outcome<ExecutionView> | null> {
  const ending = await consumer.work(storing);
  if (ending === undefined) {
    return null;
  }
  await listEnding(deps, ending.summary);
  return { ok: true, value: ending.view };
}

/** A run that was over when its object got it. */
async function listed(deps: ServiceDeps, draft: Draft): Promise<Outcome<ExecutionView>> {
  await listEnded(deps, summaryOf(draft));
  return { ok: true, value: executionView(draft.header, draft.state) };
}

/** Makes the run's object while answers from outside are waited for: at the end the caller would wait for that. When it fails, the run itself wakes it. */
function wakeObject({ env }: ServiceDeps, { execution_id }: RunHeader): void {
  executionStub(env, execution_id)
    .wake()
    .catch(() => undefined);
}

/** The object's word is the caller's answer: it has the run from somebody else, or waited for its end, or refused it. */
function isAnswer(outcome: Outcome<ExecutionView | null>): outcome is Outcome<ExecutionView> {
  return !outcome.ok || outcome.value !== null;
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
  const summary = executionSummary(header, state);
  if (summary.atypical === true) {
    return summary;
  }
  const { graph_id, graph_version } = header.plan;
  const measures = measuredRuns.of(`${graph_id}@${graph_version}`, state.endedAt ?? 0, () => {
    const samples = new BlockSamples(header.plan);
    const size = new RunSize();
    for (const { first_seq, events } of batches) {
      samples.follow(events);
      size.follow(first_seq, events);
    }
    return { blocks: samples.toRecord(), size: size.largest };
  });
  return { ...summary, ...measures };
}
