import type { Messages } from "#app/i18n/messages.ts";

const TOPICS: [keyof Messages["advice"], RegExp][] = [
  ["outcome_unknown", /^(outcome_unknown|lease_lost|attempts_exhausted)$/],
  ["timeout", /timeout/],
  ["validation", /^(invalid_|unknown_pin|dynamic_pin|input_too_large|missing_input)/],
  ["egress", /^egress_/],
  ["credentials", /(credential|api_key|unauthorized|model_unavailable)/],
  ["step_limit", /(step_limit|too_many_outputs)/],
  ["provider", /(http_|rate_limit|provider|model_|upstream|unavailable)/],
];

/** What to do about an error, by its stable code. */
export function adviceFor(code: string, t: Messages): string {
  const topic = TOPICS.find(([, pattern]) => pattern.test(code))?.[0] ?? "general";
  return t.advice[topic];
}
