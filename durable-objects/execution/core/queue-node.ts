import { GraphError } from "#graph/errors.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { basePinName, mergeDynamicInput } from "#graph/pins/dynamic-pins.ts";
import type { PlanNode } from "#graph/plan/plan.ts";
import { effectiveInput } from "./effective-input.ts";
import { commitInstantResult } from "./instant-result.ts";
import type { ValueRef } from "./log-event.ts";
import type { Recorder } from "./recorder.ts";
import { hasTornMarker, storedIn } from "./stored-value.ts";
import { planNode } from "./state.ts";
import type { NodeExecution } from "./state.ts";

/** The id of the next node execution that is created. */
export function newId(recorder: Recorder): string {
  return `n${recorder.state.created + 1}`;
}

/**
 * Queues a node execution that has all it needs, takes the run's output from it when it is an output node, and its result when that is at hand
 * (rule RU1); the caller propagates.
 */
export function queueNode(
  recorder: Recorder,
  execution: { ne: string; node: number; refs: [string, ValueRef][]; gathered?: ValueRef[]; literals?: JsonObject },
): void {
  const { state } = recorder;
  const { ne, node, refs, gathered, literals } = execution;
  const plan = planNode(state, node);
  if (recorder.fatal !== null) {
    return;
  }
  if (state.stats.node_execution_count >= state.plan.step_limit) {
    recorder.fatal = {
      code: "step_limit",
      message: `The run reached its limit of ${state.plan.step_limit} node executions. Look for a loop that does not end.`,
      node_id: plan.id,
    };
    return;
  }
  const overlay = state.reuse?.overlay(node);
  const laid =
    overlay === undefined ? literals : recordOf([...Object.entries(literals ?? {}), ...Object.entries(overlay)]);
  recorder.emit({
    type: "node_queued",
    ne,
    node,
    refs,
    ...(gathered === undefined ? {} : { gathered }),
    ...(laid === undefined ? {} : { literals: laid }),
  });
  if (plan.ui_type === "Output") {
    emitRunOutput(recorder, ne, plan);
  }
  commitInstantResult(recorder, ne, overlay !== undefined);
}

/** autogpt.md §3.3: outputs of a run are the raw `value` inputs of its output nodes, in the order in which they were queued. */
function emitRunOutput(recorder: Recorder, ne: string, plan: PlanNode): void {
  const execution = recorder.state.executions.get(ne);
  if (execution === undefined) {
    return;
  }
  const input = mergedInput(plan, execution);
  if (breaksStored(execution, input)) {
    recorder.fatal = {
      code: "value_cannot_be_merged",
      message:
        "This output node gets a value that is too large for the log at its pin `value`, and parts to write into it at other pins. " +
        "Write the parts with a block before it.",
      node_id: plan.id,
    };
    return;
  }
  if (typeof input?.name !== "string") {
    return;
  }
  const bound = execution.input.get("value");
  const whole = bound !== undefined && bound.value === input.value;
  recorder.emit({
    type: "execution_output",
    ne,
    node: execution.node,
    name: input.name,
    ...(whole ? { ref: bound.ref } : { value: input.value ?? null }),
  });
}

/** Rule BV11: what is stored cannot be written into here. */
function breaksStored(execution: NodeExecution, merged: { value?: JsonValue } | null): boolean {
  const stored = Object.entries(effectiveInput(execution)).some(
    ([pin, value]) => basePinName(pin) === "value" && storedIn(value) !== undefined,
  );
  return stored && (merged === null || hasTornMarker(merged.value ?? null));
}

/** Null when the pins cannot be merged: the node itself will fail with the reason. */
function mergedInput(plan: PlanNode, execution: NodeExecution): { name?: JsonValue; value?: JsonValue } | null {
  try {
    return mergeDynamicInput({ ...plan.input_default, ...effectiveInput(execution) });
  } catch (error) {
    if (error instanceof GraphError) {
      return null;
    }
    throw error;
  }
}
