import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { isTerminal } from "#graph/run/status.ts";
import { nextAlarm } from "./core/next-alarm.ts";
import type { ExecutionState } from "./core/state.ts";
import type { Effects } from "./effects.ts";
import type { ExecutionSummary } from "./protocol.ts";
import type { Commit } from "./run.ts";

/** Effectful node executions that one consumer runs at a time: a Worker may hold six connections. */
export const EFFECTFUL_SLOTS = 5;

/** How long a run may live before it shows in lists; shorter ones are listed once, when they end. */
const LIST_AFTER_MS = 100;

/** After the end, when it is checked that the list knows, ms. */
export const CHECK_LISTED_MS = 30_000;

const POOLS: readonly BlockPool[] = ["io", "cpu", "memory"];

/**
 * What follows a commit: hints to consumers, the alarm, the list of runs. Everything is repeatable, and everything is redone by the alarm
 * when it was lost (rules AL1 to AL4).
 */
export class Runner {
  readonly #effects: Effects;
  readonly #leaseMs: number;
  /** Messages sent that no consumer has answered yet. Lost with the object; the alarm starts again from none. */
  #hints: Record<BlockPool, number> = { io: 0, cpu: 0, memory: 0 };
  #alarmAt: number | null = null;
  #callOffListing: (() => void) | undefined;
  /** It will be in the lists, or is. */
  #listed = false;
  /** The lists were told of it. */
  #shown = false;

  constructor(effects: Effects, leaseMs: number) {
    this.#effects = effects;
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
        this.#callOffListing?.();
        this.list(summary());
        this.#armAfterEnd();
      }
      return;
    }
    this.#announce(state, commit.leased.length > 0 ? servedPool : null);
    this.#arm(commit, state);
    this.#showInLists(commit, state, summary);
  }

  /** The alarm has rung: hints are taken for lost. */
  alarmRang(): void {
    this.#alarmAt = null;
    this.#hints = { io: 0, cpu: 0, memory: 0 };
  }

  /** Sees to it that an alarm rings by then. */
  armAtLatest(at: number): void {
    if (this.#alarmAt === null || at < this.#alarmAt) {
      this.#alarmAt = at;
      this.#effects.setAlarm(at);
    }
  }

  /** Does nothing more by itself. */
  stop(): void {
    this.#callOffListing?.();
  }

  /** Tells the list of an ended run, and sees to it that the list knows. */
  relist(summary: ExecutionSummary): void {
    this.list(summary);
    this.#armAfterEnd();
  }

  /** Tells the list of runs. */
  list(summary: ExecutionSummary): void {
    this.#listed = true;
    this.#shown = true;
    this.#effects.background("list the run", this.#effects.list(summary));
  }

  /** Runs that live long enough are listed while they run, and again whenever people are asked or the run is held. */
  #showInLists(commit: Commit, state: ExecutionState, summary: () => ExecutionSummary): void {
    const changed = commit.events.some(
      ({ type }) => type === "execution_review" || (type === "execution_running" && this.#shown),
    );
    if (changed) {
      this.list(summary());
    } else if (!this.#listed) {
      this.#listed = true;
      this.#callOffListing = this.#effects.later(LIST_AFTER_MS, () => {
        if (!isTerminal(state.status)) {
          this.list(summary());
        }
      });
    }
  }

  /** Rule AL4: an alarm that is set already will do: it rings within a lease, and finds the run ended. */
  #armAfterEnd(): void {
    const latest = this.#effects.now() + Math.max(CHECK_LISTED_MS, this.#leaseMs);
    if (this.#alarmAt === null || this.#alarmAt > latest) {
      this.#effects.setAlarm(this.#effects.now() + CHECK_LISTED_MS);
    }
  }

  #announce(state: ExecutionState, servedPool: BlockPool | null): void {
    if (state.paused) {
      return;
    }
    for (const pool of POOLS) {
      const { pure, effectful } = state.ready[pool];
      const wanted = Math.ceil(effectful.length / (state.plan.per_message ?? EFFECTFUL_SLOTS));
      const alone = wanted === 0 && pure.length > 0 && pool !== servedPool ? 1 : 0;
      const count = wanted + alone - this.#hints[pool];
      if (count > 0) {
        this.#hints[pool] += count;
        this.#effects.background("announce work", this.#effects.announce(pool, count));
      }
    }
  }

  /** Rule AL2: the alarm is only ever moved earlier; when it rings too early, it is set again. One row written for a short run. */
  #arm(commit: Commit, state: ExecutionState): void {
    const now = this.#effects.now();
    const waits = commit.events.some(
      (event) =>
        event.type === "node_retrying" ||
        event.type === "node_waiting" ||
        (event.type === "node_started" && state.plan.nodes[event.node]?.total_timeout_ms !== undefined),
    );
    // An alarm far off, of a wait, is too late for work that has become ready meanwhile.
    const far = this.#alarmAt === null || this.#alarmAt > now + this.#leaseMs;
    const at = far || waits ? nextAlarm(state, now, this.#leaseMs) : null;
    if (at !== null && (this.#alarmAt === null || at < this.#alarmAt)) {
      this.#alarmAt = at;
      this.#effects.setAlarm(at);
    }
  }
}
