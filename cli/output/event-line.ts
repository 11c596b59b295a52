import type { ExecutionEvent } from "#graph/run/event.ts";
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
    case "node_input":
      return `· ${name(event.node_id)} got ${event.pin}`;
    case "node_queued":
      return `… ${name(event.node_id)} queued`;
    case "node_started":
      return `▶ ${name(event.node_id)} started${event.attempt > 1 ? ` (attempt ${event.attempt})` : ""}`;
    case "node_output":
      return `  ${name(event.node_id)} → ${event.pin}: ${oneLine(formatValue(event.value), VALUE_WIDTH)}`;
    case "execution_output":
      return `⇒ ${event.name}: ${oneLine(formatValue(event.value), VALUE_WIDTH)}`;
    case "node_completed":
      return `✓ ${name(event.node_id)} completed (${event.reused === undefined ? formatDuration(event.duration_ms) : REUSED_NAMES[event.reused]})`;
    case "node_failed":
      return `✗ ${name(event.node_id)} failed${event.handled ? " (handled)" : ""}: ${event.error.message}`;
    case "node_retrying":
      return `↻ ${name(event.node_id)} tries again at ${event.retry_at}: ${event.error.message}`;
    case "node_terminated":
      return `■ ${name(event.node_id)} stopped`;
    case "execution_completed":
      return `COMPLETED (${figures(event.stats)})`;
    case "execution_failed":
      return `FAILED (${figures(event.stats)}): ${event.error.message}`;
    case "execution_terminated":
      return `TERMINATED: ${event.reason}`;
    default:
      // A newer server may know events that this program does not.
      return (event as { type: string }).type;
  }
}
