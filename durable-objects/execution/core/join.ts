import { GraphError } from "#graph/errors.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { mergeDynamicInput } from "#graph/pins/dynamic-pins.ts";
import type { PlanLink, PlanNode } from "#graph/plan/plan.ts";
import { carried } from "./carried.ts";
import { effectiveInput } from "./effective-input.ts";
import { commitInstantResult } from "./instant-result.ts";
import type { ValueRef } from "./log-event.ts";
import type { Recorder } from "./recorder.ts";
import { nodeState, planNode } from "./state.ts";
import type { BoundValue, NodeExecution, NodeState, PendingOutput } from "./state.ts";

/**
 * When a node is ready (autogpt.md §4.3). Owns: pairing of values into node executions, static values, queueing.
 * Rules JN1 to JN6 of SPEC.md.
 */

/** Sends every released output along its node's links, in order, until none is left or the run cannot go on. */
export function propagate(recorder: Recorder): void {
  const { state } = recorder;
  for (;;) {
    const output = recorder.fatal === null ? state.released.shift() : undefined;
    if (output === undefined) {
      return;
    }
    for (const link of planNode(state, output.node).links) {
      if (carried(state.plan, output, link).matched) {
        arrive(recorder, output, link);
      }
    }
  }
}

function arrive(recorder: Recorder, output: PendingOutput, link: PlanLink): void {
  const { state } = recorder;
  const node = nodeState(state, link.sink);
  const plan = planNode(state, link.sink);
  const pin = link.sink_name;
  const ref: ValueRef = link.source_name === output.pin ? output.seq : [output.seq, link.source_name];
  const target = oldestLacking(node, pin);
  const ne = target?.id ?? newId(recorder);
  const missing =
    (target?.missing ?? plan.linked_pins.length - plan.static_pins.length) - (plan.static_pins.includes(pin) ? 0 : 1);
  const statics = missing === 0 ? staticRefs(plan, { pin, target, values: node.latest }) : null;
  if (statics === null) {
    recorder.emit({ type: "node_input", ne, node: link.sink, pin, ref });
  } else {
    queueNode(recorder, { ne, node: link.sink, refs: [...refsOf(target), [pin, ref], ...statics] });
  }
  if (link.is_static) {
    completeWaiting(recorder, link.sink, ne);
  }
}

export function newId(recorder: Recorder): string {
  return `n${recorder.state.created + 1}`;
}

function refsOf(execution: NodeExecution | undefined): [string, ValueRef][] {
  return execution === undefined ? [] : [...execution.input].map(([pin, bound]) => [pin, bound.ref]);
}

/** Rule JN1: the oldest INCOMPLETE execution that has no value at the pin. */
function oldestLacking(node: NodeState, pin: string): NodeExecution | undefined {
  const lacking = node.lacking.get(pin);
  for (;;) {
    const execution = lacking?.peek();
    if (execution === undefined || (execution.status === "INCOMPLETE" && !execution.input.has(pin))) {
      return execution;
    }
    lacking?.shift();
  }
}

/** Rule JN3: refs for the static pins that are still empty, or null when one has no value yet. */
function staticRefs(
  plan: PlanNode,
  at: { pin: string | null; target: NodeExecution | undefined; values: Map<string, BoundValue> },
): [string, ValueRef][] | null {
  const refs: [string, ValueRef][] = [];
  for (const pin of plan.static_pins) {
    if (pin === at.pin || at.target?.input.has(pin)) {
      continue;
    }
    const bound = at.values.get(pin);
    if (bound === undefined) {
      return null;
    }
    refs.push([pin, bound.ref]);
  }
  return refs;
}

/** Rule JN6: a static value completes the other executions that wait for it, oldest first. */
function completeWaiting(recorder: Recorder, index: number, arrivedAt: string): void {
  const node = nodeState(recorder.state, index);
  if (node.awaitingStatic.size === 0) {
    return;
  }
  const plan = planNode(recorder.state, index);
  const source = recorder.state.executions.get(arrivedAt)?.input ?? node.latest;
  const values = new Map([...node.latest, ...source]);
  for (const waiting of [...node.awaitingStatic]) {
    if (waiting.id === arrivedAt) {
      continue;
    }
    const statics = staticRefs(plan, { pin: null, target: waiting, values });
    if (statics !== null) {
      queueNode(recorder, { ne: waiting.id, node: index, refs: [...refsOf(waiting), ...statics] });
    }
  }
}

/**
 * Queues a node execution that has all it needs, takes the run's output from it when it is an output node, and its result when that is at hand
 * (rule RU1); the caller propagates.
 */
export function queueNode(
  recorder: Recorder,
  execution: { ne: string; node: number; refs: [string, ValueRef][]; literals?: JsonObject },
): void {
  const { state } = recorder;
  const { ne, node, refs, literals } = execution;
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
  recorder.emit({ type: "node_queued", ne, node, refs, ...(laid === undefined ? {} : { literals: laid }) });
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
