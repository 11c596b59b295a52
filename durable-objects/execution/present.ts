import type { JsonObject, JsonValue } from "#graph/json.ts";
import { setOwn } from "#graph/own-property.ts";
import { carried } from "./core/carried.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { EventHeader, ExecutionEvent } from "#graph/run/event.ts";
import { usagePart } from "#graph/run/usage.ts";
import type { LogBatch, LogEvent, ValueRef } from "./core/log-event.ts";
import { shown } from "./shown-value.ts";
import { isoOrNull } from "./view.ts";

/** Finds the event with a seq; undefined when the log does not have it. */
export type EventLookup = (seq: number) => LogEvent | undefined;

/**
 * Turns logged events into those of graph/run/event.ts: ids for indexes, values for references, ISO times. Stored values are shown as those of that
 * run; null leaves their markers.
 */
export function presentBatch(batch: LogBatch, source: Source, executionId: string | null): ExecutionEvent[] {
  const { plan, lookup } = source;
  const at = new Date(batch.at).toISOString();
  const own: EventLookup = (seq) => batch.events[seq - batch.first_seq] ?? lookup(seq);
  return batch.events.map((event, offset) =>
    present({ seq: batch.first_seq + offset, at }, event, {
      plan,
      lookup: own,
      show: executionId === null ? (value) => value : (value) => shown(value, executionId),
    }),
  );
}

/** Where values and names of a log come from. */
export interface Source {
  plan: Plan;
  lookup: EventLookup;
}

function present(
  header: EventHeader,
  event: LogEvent,
  source: Source & { show: (value: JsonValue) => JsonValue },
): ExecutionEvent {
  const { show } = source;
  if (!("ne" in event)) {
    return event.type === "execution_started"
      ? {
          ...header,
          type: event.type,
          graph_id: source.plan.graph_id,
          graph_version: source.plan.graph_version,
          inputs: show(event.inputs) as JsonObject,
        }
      : { ...header, ...event };
  }
  const node = {
    ...header,
    node_execution_id: event.ne,
    node_id: source.plan.nodes[event.node]?.id ?? "",
  };
  switch (event.type) {
    case "node_input":
      return {
        ...node,
        type: event.type,
        pin: event.pin,
        value: show(resolveRef(event.ref, { ...source, node: event.node, pin: event.pin })),
        ...(gathersAt(source.plan, event) ? { gathered: true } : {}),
      };
    case "node_queued":
      return { ...node, type: event.type, input: show(queuedInput(event, source)) as JsonObject };
    case "execution_output": {
      const value =
        event.ref === undefined
          ? (event.value ?? null)
          : resolveRef(event.ref, { ...source, node: event.node, pin: "value" });
      return { ...node, type: event.type, name: event.name, value: show(value) };
    }
    case "node_output":
      return { ...node, type: event.type, pin: event.pin, value: show(event.value) };
    case "node_retrying": {
      const { attempt, error, retry_at, usage } = event;
      const at = new Date(retry_at).toISOString();
      return { ...node, type: event.type, attempt, error, retry_at: at, ...usagePart(usage) };
    }
    case "node_waiting": {
      const { wait, duration_ms, usage } = event;
      const waits = { kind: wait.kind, until: isoOrNull(wait.until), payload: show(wait.payload) };
      return { ...node, type: event.type, ...waits, duration_ms, ...usagePart(usage) };
    }
    case "node_resumed":
      return { ...node, type: event.type, reason: event.reason };
    default: {
      const { ne: _ne, node: _node, ...rest } = event;
      return { ...node, ...rest };
    }
  }
}

/** Is it a value for the list of a node that gathers? */
export function gathersAt(plan: Plan, { node, pin }: { node: number; pin: string }): boolean {
  return plan.nodes[node]?.gathers?.pin === pin;
}

/** The input of a queued node execution: the values of its pins, what it gathered as a list, and over them those that no output produced. */
export function queuedInput(event: Extract<LogEvent, { type: "node_queued" }>, source: Source): JsonObject {
  const input: JsonObject = {};
  for (const [pin, ref] of event.refs) {
    setOwn(input, pin, resolveRef(ref, { ...source, node: event.node, pin }));
  }
  const gathers = source.plan.nodes[event.node]?.gathers;
  if (event.gathered !== undefined && gathers !== undefined) {
    const at = { ...source, node: event.node, pin: gathers.pin };
    setOwn(
      input,
      gathers.pin,
      event.gathered.map((ref) => resolveRef(ref, at)),
    );
  }
  for (const [pin, value] of Object.entries(event.literals ?? {})) {
    setOwn(input, pin, value);
  }
  return input;
}

function resolveRef(ref: ValueRef, at: Source & { node: number; pin: string }): JsonValue {
  const event = at.lookup(typeof ref === "number" ? ref : ref[0]);
  if (event?.type !== "node_output") {
    return null;
  }
  if (typeof ref === "number") {
    return event.value;
  }
  const selected = carried(at.plan, event, { source_name: ref[1], sink: at.node, sink_name: at.pin });
  return selected.matched ? selected.value : null;
}
