import type { AdmissionTicket } from "../workspace/protocol.ts";
import type { Effects } from "./effects.ts";

/** How often a held run asks whether it may go, in case that the message which lets it go was lost, ms. */
export const HELD_CHECK_MS = 120_000;

/** A run's line to its workspace: it is held until there is room, and says when it is over. Rules WH1 to WH4 of workspace/SPEC.md. */
export class Place {
  readonly #effects: Effects;
  readonly #ticket: AdmissionTicket;
  #returned = false;
  /** The run only waits, as far as the workspace was told. */
  #resting: boolean;
  /** The workspace was told so in this life of the object. */
  #told = false;
  /** What is said is said in order: one thing after the answer to the other. */
  #line: Promise<unknown> = Promise.resolve();

  /** @param resting nothing of the run is going on: whoever had it in memory before has told the workspace, or a first stretch ended so */
  constructor(effects: Effects, ticket: AdmissionTicket, resting: boolean) {
    this.#effects = effects;
    this.#ticket = ticket;
    this.#resting = resting;
  }

  /** The workspace knows that the run is over. */
  get returned(): boolean {
    return this.#returned;
  }

  /** The run is over: its place is free. */
  async giveBack(): Promise<void> {
    await this.#line.catch(() => undefined);
    if (!this.#returned) {
      await this.#effects.workspace().release([this.#ticket.execution_id], "ended");
      this.#returned = true;
    }
  }

  /**
   * Rule WA6: a run that only waits has no place. When it goes on it takes one again; it is not stopped half-way if there is none, but those that
   * have not begun wait for it. Lost words are made good by the workspace, which asks (rule WA7).
   */
  follow(resting: boolean): void {
    const known = resting === this.#resting && (this.#told || !resting);
    if (known || this.#returned) {
      return;
    }
    this.#resting = resting;
    this.#told = true;
    this.#line = this.#line
      .catch(() => undefined)
      .then(() => {
        const workspace = this.#effects.workspace();
        return resting
          ? workspace.release([this.#ticket.execution_id], "waiting")
          : workspace.reacquire(this.#ticket).then(() => undefined);
      });
    this.#effects.background(resting ? "free the run's place while it waits" : "take a place again", this.#line);
  }

  /** The workspace takes it that the run has a place: what it was told may have been lost. */
  remind(resting: boolean): void {
    this.#told = false;
    this.follow(resting);
  }

  /** Whether a held run may go by now. */
  async mayGo(): Promise<boolean> {
    const standing = await this.#effects.workspace().reacquire(this.#ticket);
    return standing.kind === "admitted";
  }
}
