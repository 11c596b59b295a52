import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import { isTerminal } from "#graph/run/status.ts";
import { nextAlarm } from "./core/next-alarm.ts";
import type { ExecutionState } from "./core/state.ts";
import type { Effects } from "./effects.ts";
import { MOST_CONSUMERS } from "./pool-consumers.ts";
import type { ExecutionSummary, LeaseRequest } from "./protocol.ts";
import type { Commit } from "./run.ts";

/**
 * How long a run may live before it shows in lists, ms; shorter ones are listed once, when they end. Somebody waits for a run whose request works on it, and
 * it mostly ends soon: listing it twice would be a message, a consumer and a write too many.
 */
const LIST_AFTER_MS = { queued: 500, waitedFor: 2_000 };

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
  readonly #ioSlots: number;
  readonly #listAfterMs: number;
  /** Messages sent that no consumer has answered yet. Lost with the object; the alarm starts again from none. */
  #hints: Record<BlockPool, number> = { io: 0, cpu: 0, memory: 0 };
  /** An alarm has rung and nobody has come since: the messages may be lost, or behind many others. */
  #probing = false;
  #alarmAt: number | null = null;
  #callOffListing: (() => void) | undefined;
  /** It will be in the lists, or is. */
  #listed = false;
  /** The lists were told of it. */
  #shown = false;
  #listingLeftTo: string | undefined;

  /** @param waitedFor the run was begun by a request that works on it */
  constructor(
    effects: Effects,
    { leaseMs, ioSlots, waitedFor }: { leaseMs: number; ioSlots: number; waitedFor: boolean },
  ) {
    this.#effects = effects;
    this.#leaseMs = leaseMs;
    this.#ioSlots = ioSlots;
    this.#listAfterMs = waitedFor ? LIST_AFTER_MS.waitedFor : LIST_AFTER_MS.queued;
  }

  /** The consumer that ended the run and puts it in the list (rule ST6). */
  get listingLeftTo(): string | undefined {
    return this.#listingLeftTo;
  }

  /** A consumer has come for work. */
  consumerCame(pool: BlockPool): void {
    this.#probing = false;
    this.#hints[pool] = Math.max(0, this.#hints[pool] - 1);
  }

  /** Acts on a commit. `consumer` is on the line, and takes pure work of its pool itself. */
  after(
    commit: Commit,
    state: ExecutionState,
    summary: () => ExecutionSummary,
    consumer: Pick<LeaseRequest, "consumer" | "pool" | "lists"> | null,
  ): void {
    if (isTerminal(state.status)) {
      if (commit.batch !== null) {
        this.#callOffListing?.();
        if (consumer?.lists === true) {
          this.#listingLeftTo = consumer.consumer;
        } else {
          this.list(summary());
        }
        this.#armAfterEnd();
      }
      return;
    }
    this.#announce(state, commit.leased.length > 0 ? (consumer?.pool ?? null) : null);
    this.#arm(commit, state);
    this.#showInLists(commit, state, summary);
  }

  /** The alarm has rung: hints are taken for lost. */
  alarmRang(): void {
    this.#alarmAt = null;
    this.#probing = true;
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
      this.#callOffListing = this.#effects.later(this.#listAfterMs, () => {
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
      const wanted = Math.ceil(effectful.length / Math.max(state.plan.per_message ?? 0, this.#ioSlots));
      const alone = wanted === 0 && pure.length > 0 && pool !== servedPool ? 1 : 0;
      const most = wanted === 0 ? 1 : this.#mayCall(pool, state);
      const count = Math.min(wanted + alone, most) - this.#hints[pool];
      if (count > 0) {
        this.#hints[pool] += count;
        this.#effects.background("announce work", this.#effects.announce(pool, count));
      }
    }
  }

  /** Rule AL5: messages that may be on their way at a time. */
  #mayCall(pool: BlockPool, state: ExecutionState): number {
    return this.#probing ? 1 : MOST_CONSUMERS[pool] - consumersOf(state, pool);
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

/** Consumers that hold an attempt of a pool; those of before a reload count as one. */
function consumersOf({ running, plan }: ExecutionState, pool: BlockPool): number {
  const consumers = new Set<string>();
  for (const { consumer, node } of running) {
    if (plan.nodes[node]?.pool === pool) {
      consumers.add(consumer);
    }
  }
  return consumers.size;
}
