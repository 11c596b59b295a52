import type { QueuedReason } from "../protocol.ts";
import { groupOf } from "./run-entry.ts";
import type { LiveEntry } from "./run-entry.ts";
import type { RunTable } from "./run-table.ts";
import { MAX_REMEMBERED } from "./start-log.ts";
import type { StartLog, Throttle } from "./start-log.ts";

/** What keeps a run from starting. */
export interface Hindrance {
  reason: QueuedReason;
  /** When it is over by itself, ms since the epoch; null when only another run's end does it. */
  until: number | null;
  /** It keeps every other start of the agent back too. */
  wholeAgent: boolean;
}

/** The first of the agent's own settings that keeps a queued run back (rules WA1 to WA6); undefined when none does. */
export function hindranceOf(entry: LiveEntry, runs: RunTable, starts: StartLog, now: number): Hindrance | undefined {
  const { ticket } = entry;
  const flow = ticket.flow ?? {};
  if (!entry.resumed && entry.notBefore > now) {
    const message = "Another start may take this one's place until the agent's debounce time is over.";
    return { reason: { code: "debounce", message }, until: entry.notBefore, wholeAgent: false };
  }
  const singleton = groupOf(ticket, "singleton");
  if (singleton !== null && runs.singletonsOf(singleton).some((other) => other !== entry && other.state !== "queued")) {
    const message = "The agent runs one at a time, and the run whose place this one takes is being stopped.";
    return { reason: { code: "singleton", message }, until: null, wholeAgent: false };
  }
  const { concurrency, throttle } = flow;
  if (concurrency !== undefined && runs.placesOf(entry) >= concurrency.limit) {
    const of = concurrency.key === undefined ? "" : ` with the same ${concurrency.key}`;
    const message = `${concurrency.limit} runs of the agent${of} are going on, the most that it allows.`;
    return { reason: { code: "concurrency", message }, until: null, wholeAgent: concurrency.key === undefined };
  }
  if (throttle !== undefined && !entry.resumed) {
    const { graph_id, keys } = ticket;
    const { at, wholeAgent } = starts.nextStart({ graph_id, key: keys.throttle ?? "" }, throttle, now);
    if (at > now) {
      const message = throttleMessage(throttle, wholeAgent);
      return { reason: { code: "throttle", message }, until: at, wholeAgent };
    }
  }
  return undefined;
}

function throttleMessage({ limit, period_seconds, key }: Throttle, wholeAgent: boolean): string {
  return key !== undefined && wholeAgent
    ? `${MAX_REMEMBERED} runs of the agent were started in the last ${period_seconds} s, the most that are kept apart by ${key}.`
    : `${limit} runs of the agent${key === undefined ? "" : ` with the same ${key}`} were started in the last ${period_seconds} s, the most that it allows.`;
}
