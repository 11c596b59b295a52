import { isTerminal } from "#graph/run/status.ts";
import type { ChildNews } from "./core/child.ts";
import type { ExecutionState } from "./core/state.ts";
import type { Output } from "./core/stored-value.ts";
import type { Effects } from "./effects.ts";
import type { History } from "./history.ts";

/** A run's line to the run that started it: outputs as they come, then the end, until the other side has them. Rule CH2 of SPEC.md. */
export class ParentLink {
  readonly #effects: Effects;
  readonly #history: History;
  readonly #ne: string;
  readonly #outputs: Output[] = [];
  #seen = 0;
  #told = 0;
  #sending = false;
  #settled = false;
  #known = false;

  constructor(effects: Effects, history: History, ne: string) {
    this.#effects = effects;
    this.#history = history;
    this.#ne = ne;
  }

  /** The parent has everything, or does not want it. */
  get settled(): boolean {
    return this.#settled;
  }

  /** The parent has answered the last time that it was told, and waits for this run. */
  get known(): boolean {
    return this.#known;
  }

  /** Tells nothing more: the run is loaded again, and that one tells. */
  stop(): void {
    this.#settled = true;
  }

  /** Everything from output `from` on, and the end if it has come. */
  news(state: ExecutionState, from: number): ChildNews {
    this.#read(state.lastSeq);
    const news: ChildNews = { ne: this.#ne, firstOutput: from, outputs: this.#outputs.slice(from) };
    if (!isTerminal(state.status)) {
      return news;
    }
    const { input_tokens, output_tokens, cost_usd, duration_ms: durationMs } = state.stats;
    const cost = cost_usd === undefined ? {} : { cost_usd };
    const status = state.status === "COMPLETED" ? "completed" : state.status === "FAILED" ? "failed" : "terminated";
    return {
      ...news,
      end: { status, durationMs, error: state.error, usage: { input_tokens, output_tokens, calls: 1, ...cost } },
    };
  }

  /**
   * Tells what is new, and at first that this run is there. One message at a time; a failed one is made up for by the parent's own look or by the
   * alarm. False when the parent does not wait for this run (any more).
   */
  async tell(state: ExecutionState): Promise<boolean> {
    if (this.#sending || this.#settled) {
      return true;
    }
    this.#sending = true;
    try {
      while (!this.#settled) {
        const news = this.news(state, this.#told);
        if (this.#known && news.outputs.length === 0 && news.end === undefined) {
          return true;
        }
        const { outputs: have } = await this.#effects.tellParent(news);
        this.#known = have >= 0;
        if (have < 0 || (news.end !== undefined && have >= news.firstOutput + news.outputs.length)) {
          this.#settled = true;
          return have >= 0;
        }
        this.#told = have;
      }
      return true;
    } catch (error) {
      // What the parent has not heard it is told at the next alarm.
      this.#known = false;
      throw error;
    } finally {
      this.#sending = false;
    }
  }

  #read(lastSeq: number): void {
    while (this.#seen < lastSeq) {
      const next = this.#history.outputs(this.#seen);
      if (next === null) {
        return;
      }
      for (const output of next.outputs) {
        this.#outputs.push(output);
      }
      this.#seen = next.seq;
    }
  }
}
