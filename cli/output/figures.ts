import type { RunStats } from "#graph/run/event.ts";
import { formatUsd } from "#graph/run/format-usd.ts";
import { formatDuration } from "./format-value.ts";

/** What a run took: `2.1 s, 1,234 tokens, $0.0034`. Tokens and cost only where there are any. */
export function figures({ duration_ms, input_tokens, output_tokens, cost_usd }: RunStats): string {
  const tokens = input_tokens + output_tokens;
  return [
    formatDuration(duration_ms),
    ...(tokens === 0 ? [] : [`${tokens.toLocaleString("en")} tokens`]),
    ...(cost_usd === undefined ? [] : [formatUsd(cost_usd, "en")]),
  ].join(", ");
}
