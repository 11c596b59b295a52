import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { Commit } from "./run.ts";
import { nextAlarm } from "./core/next-alarm.ts";
import type { ExecutionState } from "./core/state.ts";
import type { ExecutionSummary, WorkMessage } from "./protocol.ts";

/** Effectful node executions that one consumer runs at a time: a Worker may hold six connections. */
export const EFFECTFUL_SLOTS = 5;

/** How long a run may live before it shows in lists; shorter ones are listed once, when they end. */
const LIST_AFTER_MS = 100;

/** After the end, when it is checked that the list knows, ms. */
const CHECK_LISTED_MS = 30_000;

const POOLS: readonly BlockPool[] = ["io", "cpu", "memory"];

/** The world that a run's commits act on. Sends may fail: nothing here is needed for the run to end, the alarm sees to that. */
export interface Effects {
  announce(message: WorkMessage, count: number): Promise<void>;
  list(summary: ExecutionSummary): Promise<void>;
  setAlarm(at: number): void;
  later(ms: number, work: () => void): void;
  /** Keeps the object alive for a send, and logs its failure. */
  background(what: string, work: Promise<void>): void;
  now(): number;
}

/**
 * What follows a commit: hints to consumers, the alarm, the list of runs. Everything is repeatable, and everything is redone by the alarm
 * when it was lost (rules AL1 to AL4).
 */
export class Runner {
  readonly #effects: Effects;
  readonly #executionId: string;
  readonly #leaseMs: number;
  /** Messages sent that no consumer has answered yet. Lost with the object; the alarm starts again from none. */
  #hints: Record<BlockPool, number> = { io: 0, cpu: 0, memory: 0 };
  #alarmAt: number | null = null;
  #listed = false;

  constructor(effects: Effects, executionId: string, leaseMs: number) {
    this.#effects = effects;
    this.#executionId = executionId;
    this.#leaseMs = leaseMs;
  }

  /** A consumer has come for work. */
  consumerCame(pool: BlockPool): void {
    this.#hints[pool] = Math.max(0, this.#hints[pool] - 1);
  }

  /** Acts on a commit. `servedPool` is the pool whose consumer is on the line and takes pure work itself. */
  after(commit: Commit, state: ExecutionState, summary: () => ExecutionSummary, servedPool: BlockPool | null): void {
    if (isTerminal(state.status)) {
      if (commit.batch !== null) {
        this.#ended(summary);
      }
      return;
    }
    this.#announce(state, commit.leased.length > 0 ? servedPool : null);
    this.#arm(commit, state);
    if (!this.#listed) {
      this.#listed = true;
      this.#effects.later(LIST_AFTER_MS, () => {
        if (!isTerminal(state.status)) {
          this.list(summary());
        }
      });
    }
  }

  /** The alarm has rung: hints are taken for lost. */
  alarmRang(): void {
    this.#alarmAt = null;
    this.#hints = { io: 0, cpu: 0, memory: 0 };
  }

  /** Tells the list of runs. */
  list(summary: ExecutionSummary): void {
    this.#effects.background("list the run", this.#effects.list(summary));
  }

  /** Tells the list of an ended run again, and looks again later (rule AL4). */
  relist(summary: ExecutionSummary): void {
    this.list(summary);
    this.#effects.setAlarm(this.#effects.now() + CHECK_LISTED_MS);
  }

  #ended(summary: () => ExecutionSummary): void {
    this.list(summary());
    this.#effects.setAlarm(this.#effects.now() + CHECK_LISTED_MS);
  }

  #announce(state: ExecutionState, servedPool: BlockPool | null): void {
    for (const pool of POOLS) {
      const { pure, effectful } = state.ready[pool];
      const wanted = Math.ceil(effectful.length / EFFECTFUL_SLOTS);
      const alone = wanted === 0 && pure.length > 0 && pool !== servedPool ? 1 : 0;
      const count = wanted + alone - this.#hints[pool];
      if (count > 0) {
        this.#hints[pool] += count;
        const message = { execution_id: this.#executionId, pool };
        this.#effects.background("announce work", this.#effects.announce(message, count));
      }
    }
  }

  /** Rule AL2: the alarm is only ever moved earlier; when it rings too early, it is set again. One row written for a short run. */
  #arm(commit: Commit, state: ExecutionState): void {
    const now = this.#effects.now();
    let at = this.#alarmAt === null ? nextAlarm(state, now, this.#leaseMs) : null;
    for (const event of commit.events) {
      if (event.type === "node_retrying" && event.retry_at > now) {
        at = Math.min(at ?? Number.POSITIVE_INFINITY, event.retry_at);
      }
    }
    if (at !== null && (this.#alarmAt === null || at < this.#alarmAt)) {
      this.#alarmAt = at;
      this.#effects.setAlarm(at);
    }
  }
}
