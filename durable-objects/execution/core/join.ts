import type { PlanLink, PlanNode } from "#graph/plan/plan.ts";
import { carried } from "./carried.ts";
import { fireDue, gather } from "./collect.ts";
import type { ValueRef } from "./log-event.ts";
import { newId, queueNode } from "./queue-node.ts";
import type { Recorder } from "./recorder.ts";
import { nodeState, planNode } from "./state.ts";
import type { BoundValue, NodeExecution, NodeState, PendingOutput } from "./state.ts";

/**
 * When a node is ready (autogpt.md §4.3). Owns: pairing of values into node executions, static values. Rules JN1 to JN6 of SPEC.md; nodes that
 * gather are collect.ts's.
 */

/**
 * Sends every released output along its node's links, in order, and then lets fire what has gathered until the end, until nothing is left or the
 * run cannot go on.
 */
export function propagate(recorder: Recorder): void {
  const { state } = recorder;
  for (;;) {
    if (recorder.fatal !== null) {
      return;
    }
    const output = state.released.shift();
    if (output === undefined) {
      if (fireDue(recorder)) {
        continue;
      }
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
  if (plan.gathers !== undefined) {
    gather(recorder, { node: link.sink, pin, ref });
    return;
  }
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
