import type { JsonValue } from "#graph/json.ts";
import { isReview } from "./log-entry.ts";
import type { Entry, EventOf } from "./log-entry.ts";
import { callOf } from "./outsider.ts";
import { must } from "./violation.ts";

/** Waits of node executions, as the log begins and ends them. */
export class WaitsInLog {
  /** Calls from outside that ended a wait. */
  readonly callsHeard: { ne: string; data: JsonValue }[] = [];

  waiting({ wait }: EventOf<"node_waiting">, entry: Entry): void {
    entry.waitsFor = wait.kind;
    entry.triedSince = null;
    entry.status = "waiting";
    entry.notBefore = wait.kind === "timer" ? (wait.until ?? 0) : 0;
    entry.until = wait.until;
  }

  /** Rules WT2 and WT3: a wait ends once, for its time or for what it was for. */
  resumed(event: EventOf<"node_resumed">, entry: Entry, at: number): void {
    must(entry.status === "waiting", "one-result", () => `${event.ne} goes on, and is ${entry.status}`);
    const due = entry.until !== null && at >= entry.until;
    must(
      due || event.reason === "signal",
      "time-has-come",
      () => `${event.ne} goes on at ${at}, due at ${entry.until}`,
    );
    this.#checkReason(event, entry);
    entry.resume = { reason: event.reason, data: event.data };
    entry.status = "queued";
    entry.notBefore = 0;
  }

  /** Whatever ends a wait is what it was for, or its time. */
  #checkReason({ ne, reason, data }: EventOf<"node_resumed">, entry: Entry): void {
    const { waitsFor } = entry;
    const isCall = callOf(data) >= 0;
    const wanted = reason === "signal" ? waitsFor === "review" || waitsFor === "callback" : !isCall;
    must(
      wanted && (reason === "timer") === (waitsFor === "timer") && isCall === (reason === "signal" && !isReview(entry)),
      "one-result",
      () => `${ne} waits for a ${waitsFor} and goes on for a ${reason} with ${JSON.stringify(data)}`,
    );
    if (waitsFor === "callback") {
      must(!entry.called, "heard-once", () => `the wait of ${ne} for a call ends twice`);
      entry.called = true;
      if (reason === "signal") {
        this.callsHeard.push({ ne, data });
      }
    }
  }
}
