import { waitUntil } from "cloudflare:workers";
import { v7 as uuidv7 } from "uuid";
import { inShard } from "#graph/run/shard.ts";
import type { ExecutionView, Outcome, RunAdmission, StartRequest } from "#durable-objects/execution/protocol.ts";
import type { AdmissionTicket, BeginAnswer, BeginRequest, Credits } from "#durable-objects/workspace/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { JsonObject } from "#graph/json.ts";
import { restrictsStarts } from "#graph/model/flow-settings.ts";
import { wasExecutionDeleted } from "#worker/db/execution-table.ts";
import { executionStub, ownShard, workspaceStub } from "#worker/env.ts";
import { StartCredits } from "./admission-credits.ts";
import { flowKeyValues } from "./admission-key.ts";
import { beginRun } from "./begin-run.ts";
import { callObject } from "./call-object.ts";
import type { RunnableGraph } from "./runnable-graph.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";
import { claimHints, learnHints, tunedPlan } from "./tuned-plan.ts";

/** What a caller's key stands for. */
export interface IdempotencyKey {
  key: string;
  fingerprint: string;
}

export interface NewRun {
  workspaceId: string;
  graph: Pick<RunnableGraph, "plan" | "flow">;
  /** Checked and converted. */
  inputs: JsonObject;
  source: string;
  waitMs: number;
  idempotency: IdempotencyKey | undefined;
  /** What else its object is told: what the run has from another one, whether it is a dry run. */
  more?: Pick<StartRequest, "origin" | "reuse" | "dry_run" | "sampled_inputs" | "shape" | "root">;
}

/** Of this isolate. */
const credits = new StartCredits();

/**
 * Starts a run, or takes it on until the workspace has room for it. A run without flow settings and key asks nobody while the workspace is well below its
 * limits; any other costs one call of the workspace's object (docs/decisions/0009-admission.md).
 * @throws ServiceError 409 `idempotency_conflict` and `singleton_running`, 410 `execution_deleted`, 429 `too_many_queued`, 503 `overloaded`.
 */
export function startAdmittedRun(deps: ServiceDeps, run: NewRun): Promise<Outcome<ExecutionView>> {
  // In line before the workspace is asked: it gives up a run that does not appear soon after its answer.
  return deps.inLine(run.workspaceId, () => start(deps, run));
}

async function start(deps: ServiceDeps, run: NewRun): Promise<Outcome<ExecutionView>> {
  const { workspaceId, graph, idempotency } = run;
  const executionId = inShard(uuidv7(), ownShard(deps.env));
  if (!restrictsStarts(graph.flow) && idempotency === undefined && mayStart(deps, workspaceId)) {
    return create(deps, run, { executionId, unasked: true });
  }
  const ticket = ticketOf(run, executionId);
  const request: BeginRequest = { ticket };
  if (idempotency !== undefined) {
    request.idempotency = idempotency;
  } else if (!restrictsStarts(graph.flow)) {
    request.wants_credits = true;
  }
  if (claimHints(deps, workspaceId)) {
    request.wants_hints = true;
  }
  const answer = await begin(deps, request);
  return carryOut(deps, run, { ticket, answer });
}

/**
 * The run that a key stands for already, for a request that could not be started any more; null when the key is new.
 * @throws ServiceError 409 `idempotency_conflict`, 503 `overloaded`.
 */
export async function findRepeated(
  deps: ServiceDeps,
  run: { workspaceId: string; waitMs: number; idempotency: IdempotencyKey },
): Promise<Outcome<ExecutionView> | null> {
  const known = await callObject(() => workspaceStub(deps.env, run.workspaceId).lookUp(run.idempotency), {
    of: "workspace",
    id: run.workspaceId,
    repeatable: true,
  });
  if (known?.kind === "conflict") {
    throw conflict();
  }
  return known === null ? null : waitFor(deps, run, known.execution_id);
}

async function carryOut(
  deps: ServiceDeps,
  run: NewRun,
  { ticket, answer }: { ticket: AdmissionTicket; answer: BeginAnswer },
): Promise<Outcome<ExecutionView>> {
  if ((answer.kind === "start" || answer.kind === "hold") && answer.hints !== undefined) {
    learnHints(deps, run.workspaceId, answer.hints);
  }
  switch (answer.kind) {
    case "start": {
      if (answer.credits !== null) {
        takeCredits(deps, run.workspaceId, answer.credits);
      }
      const admission = answer.counted ? { ticket, hold: null } : undefined;
      const unasked = run.idempotency === undefined && admission === undefined;
      return create(deps, run, { executionId: ticket.execution_id, admission, unasked });
    }
    case "hold":
      return create(deps, run, {
        executionId: ticket.execution_id,
        admission: { ticket, hold: answer.reason },
        unasked: false,
      });
    case "repeat":
      return repeat(deps, run, { ...ticket, execution_id: answer.execution_id });
    case "conflict":
      throw conflict();
    case "skipped": {
      const message =
        "A run of this agent is going on, and the agent runs one at a time. Wait for it to end, or stop it.";
      throw new ServiceError(409, "singleton_running", message, { details: { execution_id: answer.execution_id } });
    }
    case "too_many_queued":
      throw tooManyQueued(answer);
  }
}

/** Rule WI4: the first request may have died between the workspace and the run's object. */
async function repeat(deps: ServiceDeps, run: NewRun, ticket: AdmissionTicket): Promise<Outcome<ExecutionView>> {
  const { workspaceId } = run;
  const { execution_id: executionId } = ticket;
  const outcome = await waitFor(deps, run, executionId);
  if (outcome.ok || outcome.code !== "not_found") {
    return outcome;
  }
  if (await wasExecutionDeleted(deps.db, { workspaceId, executionId })) {
    throw new ServiceError(
      410,
      "execution_deleted",
      "The run that this Idempotency-Key started was deleted. Use another key for a new run.",
      {
        details: { execution_id: executionId },
      },
    );
  }
  const answer = await begin(deps, { ticket, again: true });
  return carryOut(deps, run, { ticket, answer });
}

function waitFor(
  deps: ServiceDeps,
  { workspaceId, waitMs }: Pick<NewRun, "workspaceId" | "waitMs">,
  executionId: string,
): Promise<Outcome<ExecutionView>> {
  return callObject(() => executionStub(deps.env, executionId).wait(workspaceId, waitMs), {
    of: "run",
    id: executionId,
    repeatable: true,
  });
}

function create(
  deps: ServiceDeps,
  run: NewRun,
  { executionId, admission, unasked }: { executionId: string; admission?: RunAdmission | undefined; unasked: boolean },
): Promise<Outcome<ExecutionView>> {
  const { workspaceId, graph, inputs, source, waitMs, more } = run;
  const plan = tunedPlan(deps, workspaceId, graph.plan);
  const request = { execution_id: executionId, workspace_id: workspaceId, plan, inputs, source, ...more };
  return beginRun(deps, admission === undefined ? request : { ...request, admission }, {
    waitMs,
    unasked,
  });
}

/** Whether a run that nothing restricts may start unasked; a grant that runs low is renewed behind the caller's back. */
function mayStart(deps: ServiceDeps, workspaceId: string): boolean {
  const verdict = credits.take(workspaceId, deps.now());
  if (verdict === "renew") {
    // Leave brings hints along: nobody needs to ask for those.
    claimHints(deps, workspaceId);
    const renewal = workspaceStub(deps.env, workspaceId)
      .credits()
      .then((grant) => takeCredits(deps, workspaceId, grant))
      .catch((error: unknown) => {
        credits.put(workspaceId, undefined);
        log("warn", "could not renew the leave to start runs", {
          workspace_id: workspaceId,
          error: errorMessage(error),
        });
      });
    waitUntil(renewal);
  }
  return verdict !== "ask";
}

function takeCredits(deps: ServiceDeps, workspaceId: string, grant: Credits): void {
  credits.put(workspaceId, grant);
  learnHints(deps, workspaceId, grant.hints);
}

function ticketOf({ workspaceId, graph, inputs }: NewRun, executionId: string): AdmissionTicket {
  const { flow, plan } = graph;
  return {
    execution_id: executionId,
    workspace_id: workspaceId,
    graph_id: plan.graph_id,
    flow: flow ?? null,
    keys: flow === undefined ? {} : flowKeyValues(flow, inputs),
  };
}

function begin(deps: ServiceDeps, request: BeginRequest): Promise<BeginAnswer> {
  const { workspace_id: id } = request.ticket;
  return callObject(() => workspaceStub(deps.env, id).begin(request), { of: "workspace", id, repeatable: true });
}

function conflict(): ServiceError {
  const message =
    "This Idempotency-Key was used for another request in the last 24 hours. Use a new key for a new request.";
  return new ServiceError(409, "idempotency_conflict", message);
}

function tooManyQueued(answer: Extract<BeginAnswer, { kind: "too_many_queued" }>): ServiceError {
  const { scope, queued, limit, retry_after_s: retryAfter } = answer;
  const message = `${queued} runs of this ${scope} are waiting already, the most is ${limit}. Nothing was started; try again in ${retryAfter} s.`;
  return new ServiceError(429, "too_many_queued", message, { retryAfter, details: { scope, queued, limit } });
}
