import type { JsonValue } from "#graph/json.ts";
import type { ChildNews } from "./core/child.ts";
import type { LogEvent } from "./core/log-event.ts";
import type { ExecutionState } from "./core/state.ts";
import type { Effects } from "./effects.ts";

/** Most agents in a chain of agents that run agents. */
export const MAX_HOPS = 25;

/** Why a child was stopped. */
export const ENDED = "The run that started it ended.";

/**
 * The runs that this run's nodes started and wait for. They tell their news themselves; when nothing is heard, they are asked, and started again if
 * they are not there. Rules CH1, CH3 to CH5 of SPEC.md.
 */
export class Children {
  readonly #effects: Effects;
  readonly #take: (news: ChildNews) => Promise<void>;
  /** A run was not reached: it is not known whether it is there, or as this run would have it. */
  readonly #doubt: () => void;
  readonly #open: Set<string>;
  /** Those to be stopped that have not answered yet. */
  readonly #stopping: Set<string>;

  constructor(
    effects: Effects,
    state: ExecutionState,
    on: { news: (news: ChildNews) => Promise<void>; doubt: () => void },
  ) {
    this.#effects = effects;
    this.#take = on.news;
    this.#doubt = on.doubt;
    this.#stopping = new Set(state.orphaned);
    this.#open = new Set([...state.waiting].filter(({ wait }) => wait?.kind === "child").map(({ id }) => id));
  }

  /** Starts, stops, pauses children as the events of a commit ask for. */
  follow(events: readonly LogEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case "node_waiting":
          if (event.wait.kind === "child") {
            this.#open.add(event.ne);
            this.#start(event.ne, event.wait.payload);
          }
          break;
        case "node_completed":
        case "node_failed":
          this.#open.delete(event.ne);
          break;
        case "node_terminated":
          if (this.#open.delete(event.ne)) {
            this.#stopping.add(event.ne);
            this.#effects.background("stop the child run", this.#stop(event.ne));
          }
          break;
        case "execution_paused":
          this.#each(this.#open, "pause the child run", (child, workspaceId) => child.pause(workspaceId));
          break;
        case "execution_unpaused":
          this.#each(this.#open, "resume the child run", (child, workspaceId) => child.unpause(workspaceId));
          break;
        default:
          break;
      }
    }
  }

  /**
   * Asks every child for what this run has not heard, starts those that are not there, and has them held or going as this run is: the word of it
   * may have been lost.
   */
  check(state: ExecutionState): void {
    for (const { id, wait, outputs, outputBase } of state.waiting) {
      if (wait?.kind === "child") {
        const of = { ne: id, payload: wait.payload, from: outputs - outputBase };
        this.#attempt("look after the child run", this.#ask(of, state));
      }
    }
  }

  /** After the end of this run: stops the children that have not answered yet. True when there are none (rule CH4). */
  async settle(): Promise<boolean> {
    await Promise.all(
      [...this.#stopping].map((ne) =>
        this.#stop(ne).catch(() => {
          // The next alarm tries again.
        }),
      ),
    );
    return this.#stopping.size === 0;
  }

  /** One that is not there may still be on its way; it asks when it comes, and hears that nobody waits for it. */
  async #stop(ne: string): Promise<void> {
    const { workspaceId } = this.#effects;
    await this.#effects.child(ne).cancel(workspaceId, ENDED);
    this.#stopping.delete(ne);
  }

  async #ask(of: { ne: string; payload: JsonValue; from: number }, state: ExecutionState): Promise<void> {
    const child = this.#effects.child(of.ne);
    const { workspaceId } = this.#effects;
    const answer = await child.newsFor(workspaceId, of.from);
    if (!answer.ok) {
      await this.#startNow(of.ne, of.payload);
      return;
    }
    const { outputs, end, paused } = answer.value;
    if (outputs.length > 0 || end !== undefined) {
      await this.#take({ ...answer.value, ne: of.ne });
    }
    if (end === undefined && paused !== state.paused) {
      await (state.paused ? child.pause(workspaceId) : child.unpause(workspaceId));
    }
  }

  #start(ne: string, payload: Parameters<Effects["startChild"]>[1]): void {
    this.#attempt("start the child run", this.#startNow(ne, payload));
  }

  /** A refusal is the child's end; a failure of the call is not: the next look tries again. */
  async #startNow(ne: string, payload: Parameters<Effects["startChild"]>[1]): Promise<void> {
    const outcome = await this.#effects.startChild(ne, payload);
    if (!outcome.ok) {
      const error = { code: outcome.code, message: outcome.message };
      await this.#take({ ne, firstOutput: 0, outputs: [], end: { status: "failed", durationMs: 0, error, usage: {} } });
    }
  }

  #each(
    nes: Iterable<string>,
    what: string,
    act: (child: ReturnType<Effects["child"]>, workspaceId: string) => Promise<unknown>,
  ): void {
    for (const ne of nes) {
      this.#attempt(what, act(this.#effects.child(ne), this.#effects.workspaceId));
    }
  }

  /** Work with a run that is waited for; when it fails, there is another look soon. */
  #attempt(what: string, work: Promise<unknown>): void {
    this.#effects.background(
      what,
      work.catch((error: unknown) => {
        this.#doubt();
        throw error;
      }),
    );
  }
}
