import type { JsonValue } from "#graph/json.ts";
import { carried } from "./carried.ts";
import type { ValueRef } from "./log-event.ts";
import { nodeState } from "./state.ts";
import type { BoundValue, ExecutionState } from "./state.ts";

/** The value that a ref of an event names: an output of this batch, or a static value that the node has had for longer. */
export function resolve(state: ExecutionState, index: number, pin: string, ref: ValueRef): JsonValue {
  const seq = typeof ref === "number" ? ref : ref[0];
  const output = state.fresh.get(seq);
  if (output === undefined) {
    const latest = nodeState(state, index).latest.get(pin);
    if (latest !== undefined && sameRef(latest.ref, ref)) {
      return latest.value;
    }
    const held = heldBy(state, { node: index, pin, ref });
    if (held !== undefined) {
      return held.value;
    }
    throw new Error(`the log names output ${seq} at pin ${pin}, which is not there`);
  }
  if (typeof ref === "number") {
    return output.value;
  }
  const selected = carried(state.plan, output, { source_name: ref[1], sink: index, sink_name: pin });
  return selected.matched ? selected.value : null;
}

/** A static value that another execution of the node has had for longer than this batch lasts (rule JN6). */
function heldBy(state: ExecutionState, at: { node: number; pin: string; ref: ValueRef }): BoundValue | undefined {
  for (const { node, input } of state.executions.values()) {
    const bound = node === at.node ? input.get(at.pin) : undefined;
    if (bound !== undefined && sameRef(bound.ref, at.ref)) {
      return bound;
    }
  }
  return undefined;
}

export function sameRef(a: ValueRef, b: ValueRef): boolean {
  if (typeof a === "number" || typeof b === "number") {
    return a === b;
  }
  return a[0] === b[0] && a[1] === b[1];
}
