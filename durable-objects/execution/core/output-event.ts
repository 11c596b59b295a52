import type { LogEvent } from "./log-event.ts";
import type { NodeExecution } from "./state.ts";
import type { Output } from "./stored-value.ts";

export function outputEvent({ id: ne, node }: NodeExecution, [pin, value, parts]: Output): LogEvent {
  return { type: "node_output", ne, node, pin, value, ...(parts === undefined ? {} : { parts }) };
}
