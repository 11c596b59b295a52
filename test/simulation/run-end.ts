import { ENDED } from "#durable-objects/execution/children.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { RunError } from "#graph/run/event.ts";
import type { Entry, EventOf } from "./log-entry.ts";
import { must, Violation } from "./violation.ts";

export type EndEvent = EventOf<"execution_completed"> | EventOf<"execution_failed"> | EventOf<"execution_terminated">;

/** What else a run may end for. */
export interface FromOutside {
  /** It was asked to stop with these words. */
  wantsEnd(reason: string): boolean;
  /** The run that started it is over. */
  isOrphan(): boolean;
}

/** Whether a run ends as it must: for a reason of its own or of somebody's, and in its limits (rules EN1 to EN5). */
export class RunEnd {
  readonly #plan: Plan;
  readonly #outside: FromOutside;
  /** Of the log's clock. */
  #began: number | null = null;
  #queued = 0;
  /** The first failure that no link takes up. */
  #unhandled: RunError | null = null;

  constructor(plan: Plan, outside: FromOutside) {
    this.#plan = plan;
    this.#outside = outside;
  }

  started(at: number): void {
    this.#began = at;
  }

  /** When it has had its time, of the log's clock; Infinity: never. */
  get deadline(): number {
    const { timeout_ms } = this.#plan;
    return timeout_ms === undefined || this.#began === null ? Infinity : this.#began + timeout_ms;
  }

  /** Rule EN3. */
  queued(ne: string): void {
    this.#queued += 1;
    const { step_limit } = this.#plan;
    must(
      this.#queued <= step_limit,
      "ends-for-a-reason",
      () => `${ne} is node execution ${this.#queued} of a run that has ${step_limit}`,
    );
  }

  failed({ handled, error }: EventOf<"node_failed">): void {
    if (!handled) {
      this.#unhandled ??= error;
    }
  }

  check(event: EndEvent, entries: Iterable<Entry>, at: number): void {
    const open = [...entries].filter(({ status }) => status !== "over" && status !== "incomplete");
    must(
      open.length === 0,
      "one-result",
      () => `the run is over and ${open.map(({ ne, status }) => `${ne} is ${status}`).join(", ")}`,
    );
    switch (event.type) {
      case "execution_completed":
        return must(
          this.#unhandled === null,
          "outputs-once",
          () => `the run completed in spite of ${JSON.stringify(this.#unhandled)}`,
        );
      case "execution_failed":
        return this.#checkFailed(event, at);
      case "execution_terminated":
        return must(
          event.reason === ENDED ? this.#outside.isOrphan() : this.#outside.wantsEnd(event.reason),
          "ends-for-a-reason",
          () => `the run was stopped for "${event.reason}", which nobody has asked for`,
        );
    }
  }

  #checkFailed({ error }: EventOf<"execution_failed">, at: number): void {
    const told = JSON.stringify(error);
    const unhandled = JSON.stringify(this.#unhandled);
    // An agent that a node runs may have come to a limit of its own.
    if (told === unhandled) {
      return;
    }
    switch (error.code) {
      case "step_limit":
        return must(
          this.#queued === this.#plan.step_limit,
          "ends-for-a-reason",
          () => `the run has had ${this.#queued} of ${this.#plan.step_limit} node executions, and ends for that`,
        );
      case "run_timeout":
        return must(
          at >= this.deadline,
          "ends-for-a-reason",
          () => `the run ends ${this.deadline - at} ms before its time is over, and for that`,
        );
      default:
        throw new Violation("outputs-once", `the run failed with ${told}, not ${unhandled}`);
    }
  }
}
