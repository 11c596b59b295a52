import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import type { Answer } from "./object-call.ts";
import type { Machine, World } from "./world.ts";

/** The list of runs: a queue that may lose, repeat and reorder, and a table that takes only what is newer than what it has. */
export class RunList {
  readonly rows = new Map<string, ExecutionSummary>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  tell(summary: ExecutionSummary): void {
    const { faults } = this.#world;
    if (!faults.strikes("message_dropped")) {
      this.#deliver(summary);
    }
    if (faults.strikes("message_repeated")) {
      this.#deliver(summary);
    }
  }

  /** Writes a run's row at once, and says whether that went well. */
  write(summary: ExecutionSummary, writer: Machine): Promise<boolean> {
    const { faults, random } = this.#world;
    const lost = faults.strikes("request_lost");
    return new Promise((resolve) => {
      this.#world.schedule(random.between(1, 20), this.#world.nowhere, `row of seq ${summary.seq}`, () => {
        if (!lost) {
          this.#apply(summary);
        }
        this.#world.schedule(random.between(1, 10), writer, "the row is written", () => resolve(!lost));
      });
    });
  }

  /** How far the list knows a run. */
  ask(executionId: string, asker: Machine, reply: (answer: Answer) => void): void {
    const { faults, random } = this.#world;
    const lost = faults.strikes("request_lost");
    this.#world.schedule(random.between(0, 10), this.#world.nowhere, "how far is it listed?", () => {
      const answer: Answer = lost
        ? { ok: false, error: "The database could not be reached." }
        : { ok: true, value: this.rows.get(executionId)?.seq ?? 0 };
      this.#world.schedule(random.between(0, 10), asker, "how far it is listed", () => reply(answer));
    });
  }

  #deliver(summary: ExecutionSummary): void {
    const { faults, random } = this.#world;
    const slow = faults.strikes("message_delayed");
    const delay = slow ? faults.random("message_delayed").small(10, 20_000) : random.between(1, 20);
    this.#world.schedule(delay, this.#world.nowhere, `lists seq ${summary.seq}, ${summary.status}`, () => {
      this.#apply(summary);
    });
  }

  #apply(summary: ExecutionSummary): void {
    const row = this.rows.get(summary.execution_id);
    if (row === undefined || row.seq < summary.seq) {
      this.rows.set(summary.execution_id, summary);
    }
  }
}
