import { BlockError } from "#blocks/define-block.ts";
import { findStored } from "#durable-objects/execution/core/stored-value.ts";
import type { StoredValue } from "#durable-objects/execution/core/stored-value.ts";
import type { StartRequest } from "#durable-objects/execution/protocol.ts";
import { selectsOf } from "#durable-objects/execution/wire.ts";
import type { JsonValue } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import type { ReviewDecision } from "#graph/run/wait.ts";
import { runValues, valueStore } from "#worker/values/create-values.ts";
import type { RunValues } from "#worker/values/run-values.ts";
import { judgeValue } from "#worker/values/judge-value.ts";
import { StorageUnavailable, ValueMissing } from "#worker/values/value-store.ts";
import type { ValueOwner } from "#worker/values/value-store.ts";
import { askRun } from "./execution-object.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ServiceError } from "./service-error.ts";

/** What one new run may take over from an old one: copying takes time, and the caller waits. */
const MOST_TAKEN_OVER = { values: 1_000, bytes: 2_000_000_000 };

/**
 * The request with its large values stored for the run that it asks for. Those that come from the caller are stored, those that it takes over from
 * another run are copied (rules BV8, BV9). Costs nothing but a look at the inputs when there are none.
 * @throws ServiceError 413 `value_too_large`, 409 `value_missing`, 422 `too_much_to_reuse`, 503 `storage_unavailable`.
 */
export async function storeLargeValues(deps: ServiceDeps, request: StartRequest): Promise<StartRequest> {
  const values = runValues(deps.env, { workspaceId: request.workspace_id, executionId: request.execution_id });
  try {
    return request.origin === undefined ? await storeGiven(values, request) : await takeOver(deps, values, request);
  } catch (error) {
    throw refusal(error);
  }
}

async function storeGiven(values: RunValues, request: StartRequest): Promise<StartRequest> {
  const inputs = await values.keepMembers(request.inputs);
  const plan = await storePlan(values, request.plan);
  return inputs === request.inputs && plan === request.plan ? request : { ...request, inputs, plan };
}

/** Only the plan of a node that is run alone, and one with pinned outputs, hold values of the caller; every other is given back unseen. */
async function storePlan(values: RunValues, plan: Plan): Promise<Plan> {
  const alone = plan.nodes.length === 1;
  if (!alone && plan.nodes.every(({ pinned }) => pinned === undefined)) {
    return plan;
  }
  const nodes = await Promise.all(plan.nodes.map((node) => storeNode(values, node, alone)));
  return nodes.every((node, index) => node === plan.nodes[index]) ? plan : { ...plan, nodes };
}

/** Pinned outputs, of which links select nothing; and the values of a node that is run alone, which are the run's inputs. */
async function storeNode(values: RunValues, node: PlanNode, alone: boolean): Promise<PlanNode> {
  let changed = node;
  if (alone) {
    const input_default = await values.keepMembers(node.input_default);
    changed = input_default === node.input_default ? changed : { ...changed, input_default };
  }
  const { pinned } = node;
  if (pinned === undefined || selectsOf(node).selects !== undefined) {
    return changed;
  }
  let large = false;
  const kept: [string, JsonValue[]][] = [];
  for (const [pin, outputs] of Object.entries(pinned)) {
    const list = await Promise.all(outputs.map((output) => values.keep(output)));
    large ||= list.some((output, index) => output !== outputs[index]);
    kept.push([pin, list]);
  }
  return large ? { ...changed, pinned: recordOf(kept) } : changed;
}

async function takeOver(deps: ServiceDeps, values: RunValues, request: StartRequest): Promise<StartRequest> {
  const { inputs, reuse, origin, plan, workspace_id: workspaceId, execution_id: executionId } = request;
  const stored = new Map<string, StoredValue>();
  findStored(inputs, stored);
  for (const { pinned, input_default } of plan.nodes) {
    findStored([input_default, (pinned ?? null) as JsonValue], stored);
  }
  for (const { outputs } of reuse?.memo ?? []) {
    findStored(outputs as unknown as JsonValue, stored);
  }
  const bytes = [...stored.values()].reduce((sum, { size }) => sum + size, 0);
  if (stored.size > MOST_TAKEN_OVER.values || bytes > MOST_TAKEN_OVER.bytes) {
    const message = `The run's results hold ${stored.size} large values of ${bytes} bytes together, too many to hand over to a new run. Run the agent again.`;
    throw new ServiceError(422, "too_much_to_reuse", message);
  }
  const from = { workspaceId, executionId: origin?.execution_id ?? executionId };
  await valueStore(deps.env).copy(from, { workspaceId, executionId }, stored.keys());
  if (reuse?.override === undefined) {
    return request;
  }
  const override = { ...reuse.override, inputs: await values.keepMembers(reuse.override.inputs) };
  return { ...request, reuse: { ...reuse, override } };
}

/**
 * A person's decision with its data stored when they are large. For a run of the workspace only: nothing is stored for any other.
 * @throws ServiceError as `storeLargeValues`
 */
export async function storeDecision(
  deps: ServiceDeps,
  { workspaceId, executionId }: ValueOwner,
  decision: ReviewDecision,
): Promise<ReviewDecision> {
  if (decision.data === undefined || judgeValue(decision.data).inline) {
    return decision;
  }
  const { id } = await askRun(deps, { workspaceId, executionId }, (run) => run.view(workspaceId));
  try {
    return { ...decision, data: await runValues(deps.env, { workspaceId, executionId: id }).keep(decision.data) };
  } catch (error) {
    throw refusal(error);
  }
}

/** What a failure of the storage means to whoever starts a run. */
function refusal(error: unknown): unknown {
  if (error instanceof StorageUnavailable) {
    const message = "The storage of large values does not answer. Nothing was started; try again shortly.";
    return new ServiceError(503, error.code, message, { retryAfter: 2, cause: error });
  }
  if (error instanceof ValueMissing) {
    const message =
      "A large value of the run is not in the storage any more, perhaps because the run is being deleted. Run the agent again.";
    return new ServiceError(409, error.code, message, { cause: error });
  }
  return error instanceof BlockError ? new ServiceError(413, error.code, error.message, { cause: error }) : error;
}
