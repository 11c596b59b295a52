import type { JsonValue } from "#graph/json.ts";
import { coerce } from "#graph/pins/coerce.ts";
import type { RunError } from "#graph/run/event.ts";
import type { Gathering } from "./gathering.ts";
import type { ValueRef } from "./log-event.ts";
import { newId, queueNode } from "./queue-node.ts";
import type { Recorder } from "./recorder.ts";
import { nodeState, planNode } from "./state.ts";
import type { BoundValue, ExecutionState, NodeExecution } from "./state.ts";

/** Nodes that gather values to lists. Rules GA1 to GA7 of SPEC.md. */

/** Most values of one list. */
export const MAX_GATHERED = 100_000;

/** Most characters of JSON in one list, stored values not counted: what one call may carry. */
export const MAX_GATHERED_CHARS = 24_000_000;

/** Most bytes of one list with all that is in it: those of a value (rule BV7). */
const MAX_GATHERED_BYTES = 100_000_000;

interface GatheringNode {
  index: number;
  gathering: Gathering;
  gathers: { pin: string; count_pin: string; until: "count" | "end" };
}

function gatheringNode(state: ExecutionState, index: number): GatheringNode {
  const { gathering } = nodeState(state, index);
  const { gathers } = planNode(state, index);
  if (gathering === null || gathers === undefined) {
    throw new Error(`node ${index} does not gather`);
  }
  return { index, gathering, gathers };
}

/** Rules GA1 and GA2: a value, or a number of values, has arrived at a node that gathers. */
export function gather(recorder: Recorder, arrival: { node: number; pin: string; ref: ValueRef }): void {
  const node = gatheringNode(recorder.state, arrival.node);
  const { gathering, gathers } = node;
  if (gathers.until === "end" && gathering.done) {
    return;
  }
  const target = arrival.pin === gathers.pin ? gathering.open.peek() : newestWithout(gathering, arrival.pin);
  recorder.emit({ type: "node_input", ne: target?.id ?? newId(recorder), ...arrival });
  queueFull(recorder, node);
}

/** Rule JN1 for numbers: at most the newest execution has none of its own. */
function newestWithout({ open }: Gathering, pin: string): NodeExecution | undefined {
  const newest = open.last();
  return newest?.input.has(pin) === true ? undefined : newest;
}

/** Rules GA2 and GA5: queues executions, the oldest first, while there are values enough for them. */
function queueFull(recorder: Recorder, node: GatheringNode): void {
  const { gathering } = node;
  const { pool, open } = gathering;
  while (recorder.fatal === null && (open.length > 0 || pool.length > 0)) {
    const oldest = open.peek();
    const ne = oldest?.id ?? newId(recorder);
    const wanted = wantedBy(recorder.state, node, oldest);
    const tooLarge = gathering.size > MAX_GATHERED_CHARS || gathering.whole > MAX_GATHERED_BYTES;
    const error = tooLarge ? TOO_LARGE : wanted.error;
    if (error !== undefined) {
      fail(recorder, node, { ne, taken: pool.length, error });
    } else if (wanted.count !== undefined && wanted.count <= pool.length) {
      take(recorder, node, { ne, taken: wanted.count });
    } else if (pool.length > MAX_GATHERED) {
      fail(recorder, node, { ne, taken: pool.length, error: tooMany(pool.length) });
    } else {
      return;
    }
  }
}

/**
 * The number of values that an execution takes, be it there or the next to come: its own, else the last one over a static link, else the one in the node. Undefined: not known yet,
 * or a standing 0, which would give empty lists for ever.
 */
function wantedBy(
  state: ExecutionState,
  { index, gathers }: GatheringNode,
  execution: NodeExecution | undefined,
): { count?: number; error?: RunError } {
  const { linked_pins, input_default } = planNode(state, index);
  const own = execution?.input.get(gathers.count_pin);
  const literal = linked_pins.includes(gathers.count_pin) ? undefined : input_default[gathers.count_pin];
  const value = own === undefined ? (standing(state, index, gathers)?.value ?? literal) : own.value;
  if (gathers.until === "end" || value === undefined) {
    return {};
  }
  const number = coerce(value, { type: "integer" }, { strict: true });
  const count = number.ok ? Number(number.value) : Number.NaN;
  if (!Number.isInteger(count) || count < 0) {
    const message = `The number of values to gather must be a whole number from 0 on, not ${shown(value)}.`;
    return { error: { code: "invalid_input", message } };
  }
  if (count > MAX_GATHERED) {
    return { error: tooMany(count) };
  }
  return own === undefined && count === 0 ? {} : { count };
}

/** The number that came over a static link for an earlier execution (rule JN3). */
function standing(state: ExecutionState, index: number, gathers: GatheringNode["gathers"]): BoundValue | undefined {
  return nodeState(state, index).latest.get(gathers.count_pin);
}

/** Queues an execution with the oldest `taken` values. */
function take(
  recorder: Recorder,
  { index, gathering, gathers }: GatheringNode,
  { ne, taken }: { ne: string; taken: number },
): void {
  const { state } = recorder;
  const number = state.executions.get(ne)?.input.get(gathers.count_pin) ?? standing(state, index, gathers);
  queueNode(recorder, {
    ne,
    node: index,
    refs: number === undefined ? [] : [[gathers.count_pin, number.ref]],
    gathered: gathering.pool.first(taken).map(({ ref }) => ref),
  });
}

/** Rule GA5: the execution fails without having run, and what it would have gathered is gone with it. */
function fail(
  recorder: Recorder,
  node: GatheringNode,
  { ne, taken, error }: { ne: string; taken: number; error: RunError },
): void {
  const { state } = recorder;
  const { id, error_linked } = planNode(state, node.index);
  take(recorder, node, { ne, taken });
  // Its result may have been at hand.
  if (state.executions.get(ne)?.status !== "QUEUED") {
    return;
  }
  const ref = { ne, node: node.index };
  if (state.status !== "RUNNING") {
    recorder.emit({ type: "execution_running" });
  }
  recorder.emit({ type: "node_started", ...ref, attempt: 1 });
  recorder.emit({ type: "node_output", ...ref, pin: "error", value: error.message });
  recorder.emit({
    type: "node_failed",
    ...ref,
    error: { ...error, node_id: id },
    handled: error_linked,
    duration_ms: 0,
  });
}

const TOO_LARGE: RunError = {
  code: "gathered_too_large",
  message:
    `The values gathered to one list take more than ${MAX_GATHERED_CHARS} characters, or more than ${MAX_GATHERED_BYTES} bytes with the large ones. ` +
    "Gather only the part of each that is needed, or smaller lists by number.",
};

function tooMany(count: number): RunError {
  const message = `A node may gather ${MAX_GATHERED} values to one list, not ${count}. Give it a smaller number, and work on one list at a time.`;
  return { code: "too_many_items", message };
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/**
 * Rule GA3: queues one node that gathers until the end, which has come: of those that are due, the first in the graph's order that no other comes
 * before. False when there is none.
 */
export function fireDue(recorder: Recorder): boolean {
  const { state } = recorder;
  if (state.due.size === 0) {
    return false;
  }
  const due = [...state.due].toSorted((a, b) => a - b);
  const index = due.find((candidate) => !due.some((other) => state.below?.[other]?.includes(candidate)));
  if (index === undefined) {
    return false;
  }
  const node = gatheringNode(state, index);
  const ne = node.gathering.open.peek()?.id ?? newId(recorder);
  take(recorder, node, { ne, taken: node.gathering.pool.length });
  return true;
}
