import type { JsonValue } from "#graph/json.ts";
import type { PlanNode } from "#graph/plan/plan.ts";
import type { NodeUsage, Reused } from "#graph/run/event.ts";
import { usagePart } from "#graph/run/usage.ts";
import { outputEvent } from "./output-event.ts";
import type { Recorder } from "./recorder.ts";
import { planNode } from "./state.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";
import type { Output } from "./stored-value.ts";

/** Results that are there before anything runs: pinned outputs, and what an earlier run has found out. Rules RU1 to RU5 of SPEC.md. */

interface Result {
  outputs: Iterable<Output>;
  reused: Reused;
  usage?: NodeUsage;
}

/**
 * Commits the result of a node execution that was just queued, if it is at hand. Its outputs are released like any others and travel when the
 * caller propagates.
 */
export function commitInstantResult(recorder: Recorder, ne: string, overlaid: boolean): void {
  const { state } = recorder;
  const execution = state.executions.get(ne);
  const result = execution === undefined ? undefined : resultAtHand(state, execution, overlaid);
  if (execution === undefined || result === undefined) {
    return;
  }
  const ref = { ne, node: execution.node };
  if (state.status !== "RUNNING") {
    recorder.emit({ type: "execution_running" });
  }
  recorder.emit({ type: "node_started", ...ref, attempt: 1 });
  for (const output of result.outputs) {
    recorder.emit(outputEvent(execution, output));
  }
  const { reused, usage } = result;
  recorder.emit({ type: "node_completed", ...ref, duration_ms: 0, reused, ...usagePart(usage) });
}

function resultAtHand(state: ExecutionState, execution: NodeExecution, overlaid: boolean): Result | undefined {
  const plan = planNode(state, execution.node);
  if (plan.pinned !== undefined) {
    return { outputs: pinnedOutputs(plan.pinned), reused: plan.sampled === true ? "sample" : "pinned" };
  }
  const entry = overlaid ? undefined : state.reuse?.find(execution);
  if (entry === undefined) {
    return undefined;
  }
  const { outputs, usage } = entry;
  return { outputs, reused: "memo", ...usagePart(usage) };
}

function* pinnedOutputs(pinned: NonNullable<PlanNode["pinned"]>): Generator<[pin: string, value: JsonValue]> {
  for (const [pin, values] of Object.entries(pinned)) {
    for (const value of values) {
      yield [pin, value];
    }
  }
}
