import type { AdmissionTicket } from "../workspace/protocol.ts";
import type { Effects } from "./effects.ts";

/** How often a held run asks whether it may go, in case that the message which lets it go was lost, ms. */
export const HELD_CHECK_MS = 120_000;

/** A run's line to its workspace: it is held until there is room, and says when it is over. Rules WH1 to WH4 of workspace/SPEC.md. */
export class Place {
  readonly #effects: Effects;
  readonly #ticket: AdmissionTicket;
  #returned = false;

  constructor(effects: Effects, ticket: AdmissionTicket) {
    this.#effects = effects;
    this.#ticket = ticket;
  }

  /** The workspace knows that the run is over. */
  get returned(): boolean {
    return this.#returned;
  }

  /** The run is over: its place is free. */
  async giveBack(): Promise<void> {
    if (!this.#returned) {
      await this.#effects.workspace().release([this.#ticket.execution_id], "ended");
      this.#returned = true;
    }
  }

  /** Whether a held run may go by now. */
  async mayGo(): Promise<boolean> {
    const standing = await this.#effects.workspace().reacquire(this.#ticket);
    return standing.kind === "admitted";
  }
}
