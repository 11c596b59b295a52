import type { JsonObject, JsonValue } from "#graph/json.ts";
import type { NodeDetail } from "#worker/contracts/rerun.ts";
import { formatDuration, formatValue, oneLine } from "./format-value.ts";
import { formatTable } from "./table.ts";

const VALUE_WIDTH = 100;

/** One node execution for people: where it stands and why, its times, attempts, causes and values. */
export function formatNodeDetail(node: NodeDetail): string {
  const { node_execution_id, node_id, status, explanation, error } = node;
  const parts = [
    `${node_execution_id}  ${node_id}  ${status}\n${explanation.message} (${explanation.code})\n`,
    times(node),
    error === null ? "" : `Error: ${error.message} (${error.code})\n`,
    node.missing_pins.length === 0 ? "" : `Lacks a value at: ${node.missing_pins.join(", ")}\n`,
    node.attempts.length === 0 ? "" : attemptTable(node.attempts),
    node.causes.length === 0 ? "" : causeTable(node.causes),
    values("Input", node.input),
    values("Output", node.output),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function times({ queued_at, started_at, ended_at, duration_ms }: NodeDetail): string {
  const took = duration_ms === null ? "" : `  (${formatDuration(duration_ms)})`;
  const lines = [
    ["queued", queued_at, ""],
    ["started", started_at, ""],
    ["ended", ended_at, took],
  ] as const;
  return lines.map(([what, at, more]) => (at === null ? "" : `${what.padEnd(8)} ${at}${more}\n`)).join("");
}

function attemptTable(attempts: NodeDetail["attempts"]): string {
  const rows = attempts.map(({ attempt, started_at, ended_at, outcome, error, retry_at }) => [
    String(attempt),
    started_at,
    ended_at === null ? "" : formatDuration(Date.parse(ended_at) - Date.parse(started_at)),
    outcome,
    [error === null ? "" : `${error.message} (${error.code})`, retry_at === null ? "" : `again not before ${retry_at}`]
      .filter((part) => part !== "")
      .join("; "),
  ]);
  return formatTable(["ATTEMPT", "STARTED", "TOOK", "OUTCOME", "WHY"], rows);
}

function causeTable(causes: NodeDetail["causes"]): string {
  const rows = causes.map(({ pin, node_execution_id, node_id, source_name, at }) => [
    pin,
    node_execution_id === null ? "an input of the run" : `${source_name ?? ""} of ${node_id ?? ""}`,
    node_execution_id ?? "",
    at ?? "",
  ]);
  return formatTable(["PIN", "FROM", "NODE EXECUTION", "AT"], rows);
}

function values(title: string, byPin: JsonObject | Record<string, JsonValue[]>): string {
  const lines = Object.entries(byPin).flatMap(([pin, given]) =>
    (title === "Output" && Array.isArray(given) ? given : [given]).map(
      (value) => `  ${pin}: ${oneLine(formatValue(value), VALUE_WIDTH)}\n`,
    ),
  );
  return lines.length === 0 ? "" : `${title}\n${lines.join("")}`;
}
