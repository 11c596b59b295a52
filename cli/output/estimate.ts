import type { EstimateView } from "#worker/contracts/estimate.ts";
import { formatDuration } from "./format-value.ts";
import { formatTable } from "./table.ts";

const BASES = {
  blocks: "of its blocks in other agents, each once, without waits and sub-agents",
  hour_of_week: "of this hour of the week",
  hour_of_day: "of this hour of the day",
  all: "so far",
  none: "so far",
} as const;

/** What a run would take, for people. */
export function formatEstimate(estimate: EstimateView): string {
  const { sample_size, basis, duration_ms, tokens, cost_usd, queued_before, outliers } = estimate;
  const waiting = `${queued_before} runs wait before one that is started now.\n`;
  if (sample_size === 0) return `Nothing is known yet: no run of this agent has ended.\n${waiting}`;
  const figures = [
    row("duration", duration_ms, formatDuration),
    row("tokens", tokens, String),
    row("cost", cost_usd, (usd) => `$${usd.toFixed(6)}`),
  ];
  const table = formatTable(
    ["", "50 %", "90 %", "99 % TAKE NO MORE"],
    figures.filter((cells) => cells.length > 0),
  );
  const slow = outliers.map(({ execution_id, duration_ms: took, p99_ms, at }) => [
    execution_id,
    formatDuration(took),
    formatDuration(p99_ms),
    at,
  ]);
  return [
    `From ${sample_size} ${basis === "blocks" ? "executions" : "runs"} ${BASES[basis]}\n${table}${waiting}`,
    slow.length === 0 ? "" : `\nUnusually slow\n${formatTable(["RUN", "TOOK", "99 % TOOK NO MORE THAN", "AT"], slow)}`,
  ].join("");
}

/** Nothing where nothing is known. */
function row(what: string, quantiles: EstimateView["tokens"], format: (value: number) => string): string[] {
  return quantiles === null ? [] : [what, format(quantiles.p50), format(quantiles.p90), format(quantiles.p99)];
}
