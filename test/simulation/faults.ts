import type { Random } from "./random.ts";
import { namesOf, Tally } from "./tally.ts";

/** Every kind of fault with its highest rate: the chance per occasion, or per turn of the chaos for those that need no occasion. */
export const FAULTS = {
  // Calls
  request_lost: 0.3,
  answer_lost: 0.3,
  call_delayed: 0.3,
  report_repeated: 0.3,
  // Queues
  message_dropped: 0.6,
  message_repeated: 0.5,
  message_delayed: 0.5,
  send_refused: 0.3,
  // Consumers
  killed_before_call: 0.15,
  killed_during_call: 0.15,
  killed_after_call: 0.15,
  killed_any_time: 0.3,
  stalled: 0.2,
  // The object
  commit_lost: 0.2,
  answers_lost: 0.2,
  evicted_at_commit: 1,
  evicted_idle: 0.3,
  write_fails: 0.1,
  snapshot_foreign: 0.6,
  // Alarms
  alarm_late: 0.6,
  alarm_early: 0.3,
  alarm_repeated: 0.5,
  // Clocks
  object_clock_jumps: 0.05,
  consumer_clock_jumps: 0.1,
  // Everything else
  socket_dropped: 0.2,
  stray_message: 0.3,
  partition: 0.05,
  restart: 0.03,
} as const;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS: readonly FaultKind[] = namesOf(FAULTS);

/** What goes wrong in one run: some kinds of fault, each at a rate of its own, until a time. */
export class FaultPlan {
  readonly rates: Map<FaultKind, number>;
  /** ms after the start: from then on nothing goes wrong any more. */
  readonly calmAfter: number;
  readonly counts = new Tally<FaultKind>();
  readonly #streams = new Map<FaultKind, Random>();
  #on = true;

  constructor(random: Random, without: ReadonlySet<string>) {
    const plan = random.stream("plan");
    const calm = plan.chance(0.04);
    const breadth = plan.pick([0.1, 0.3, 0.5, 0.9]);
    this.calmAfter = calm ? 0 : plan.small(1_000, 60_000);
    this.rates = new Map();
    for (const kind of FAULT_KINDS) {
      this.#streams.set(kind, random.stream(kind));
      const own = random.stream(`rate of ${kind}`);
      const rate = FAULTS[kind] * 30 ** -own.next();
      if (own.chance(breadth) && !calm && !without.has(kind)) {
        this.rates.set(kind, rate);
      }
    }
    if (calm) {
      this.stop();
    }
  }

  get on(): boolean {
    return this.#on;
  }

  stop(): void {
    this.#on = false;
  }

  /** Does a fault of this kind happen now? */
  strikes(kind: FaultKind): boolean {
    const rate = this.rates.get(kind);
    if (!this.#on || rate === undefined || !this.random(kind).chance(rate)) {
      return false;
    }
    this.counts.add(kind);
    return true;
  }

  /** How a fault of this kind goes about it. */
  random(kind: FaultKind): Random {
    const stream = this.#streams.get(kind);
    if (stream === undefined) {
      throw new Error(`there is no fault ${kind}`);
    }
    return stream;
  }
}
