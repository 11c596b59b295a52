import type { JsonValue } from "#graph/json.ts";
import { isJsonObject } from "#graph/json-value.ts";
import { getOwn } from "#graph/own-property.ts";
import type { ExecutionEvent, NodeWaiting } from "#graph/run/event.ts";
import { figures } from "./figures.ts";
import { formatDuration, formatValue, oneLine } from "./format-value.ts";

const VALUE_WIDTH = 100;

const REUSED_NAMES = { memo: "taken over", pinned: "pinned", sample: "sample", cache: "cached" } as const;

/** One event for people, without its time. `name` tells a node by its id. */
export function eventLine(event: ExecutionEvent, name: (nodeId: string) => string): string {
  switch (event.type) {
    case "execution_started":
      return `run of ${event.graph_id} version ${event.graph_version} accepted`;
    case "execution_running":
      return "running";
    case "execution_output":
      return `⇒ ${event.name}: ${oneLine(formatValue(event.value), VALUE_WIDTH)}`;
    case "execution_review":
      return "? REVIEW: everything that is left waits for people (`weft reviews` tells what is asked)";
    case "execution_paused":
      return "‖ paused: no node is started, those that run finish";
    case "execution_unpaused":
      return "▶ goes on after the pause";
    case "execution_completed":
      return `COMPLETED (${figures(event.stats)})`;
    case "execution_failed":
      return `FAILED (${figures(event.stats)}): ${event.error.message}`;
    case "execution_terminated":
      return `TERMINATED: ${event.reason}`;
    default:
      return nodeLine(event, name);
  }
}

type NodeEvent = Exclude<Extract<ExecutionEvent, { node_id: string }>, { type: "execution_output" }>;

function nodeLine(event: NodeEvent, name: (nodeId: string) => string): string {
  const node = name(event.node_id);
  switch (event.type) {
    case "node_input":
      return `· ${node} ${event.gathered === true ? "gathered a value at" : "got"} ${event.pin}`;
    case "node_queued":
      return `… ${node} queued`;
    case "node_started":
      return `▶ ${node} started${event.attempt > 1 ? ` (attempt ${event.attempt})` : ""}`;
    case "node_output":
      return `  ${node} → ${event.pin}: ${oneLine(formatValue(event.value), VALUE_WIDTH)}`;
    case "node_completed":
      return `✓ ${node} completed (${event.reused === undefined ? formatDuration(event.duration_ms) : REUSED_NAMES[event.reused]})`;
    case "node_failed":
      return `✗ ${node} failed${event.handled ? " (handled)" : ""}: ${event.error.message}`;
    case "node_retrying":
      return `↻ ${node} tries again at ${event.retry_at}: ${event.error.message}`;
    case "node_waiting":
      return `⏸ ${node} waits ${waitFor(event)}`;
    case "node_resumed":
      return `▶ ${node} goes on: ${RESUMED[event.reason]}`;
    case "node_terminated":
      return `■ ${node} stopped`;
    default:
      return unknownLine(event);
  }
}

const RESUMED = {
  timer: "its time has come",
  signal: "what it waited for has happened",
  timeout: "nothing came in time",
} as const;

function waitFor({ kind, until, payload }: NodeWaiting): string {
  const longest = until === null ? "" : `, until ${until} at the latest`;
  switch (kind) {
    case "timer":
      return `until ${until ?? "it is told to go on"}`;
    case "review":
      return `for a person${quoted(payload, "name")}${longest}`;
    case "child":
      return `for the run of agent${quoted(payload, "graph_id")}${longest}`;
    case "callback":
      return `for a call${quoted(payload, "url")}${longest}`;
    default:
      return `for ${String(kind)}${longest}`;
  }
}

/** A text in what a node waits with. */
function quoted(payload: JsonValue, field: string): string {
  const text = isJsonObject(payload) ? getOwn(payload, field) : undefined;
  return typeof text === "string" && text !== "" ? ` ${oneLine(text, VALUE_WIDTH)}` : "";
}

/** A newer server may know events that this program does not. */
function unknownLine(event: never): string {
  const { type, node_id } = event as { type: string; node_id?: string };
  return node_id === undefined ? type : `${node_id} ${type}`;
}
