import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { Plan } from "#graph/plan/plan.ts";
import type { AttemptRef } from "./attempt-ref.ts";
import { decide } from "./decide.ts";
import type { Report } from "./report.ts";
import { nextPure } from "./next-pure.ts";
import { restoreSnapshot } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ExecutionState, NodeExecution } from "./state.ts";

/** Time and chance play no part in what a replica is used for; leases are the object's business. */
const ENV = { now: 0, random: () => 0, leaseMs: 0 };

/**
 * A consumer's copy of a run's state, moved by the same rules as the object's, to know what pure work comes next. Nothing here is true
 * until the object has committed it (rules LC1 to LC3).
 */
export class Replica {
  readonly #state: ExecutionState;
  /** The last event of the object that the replica has seen or rightly foretold. */
  #base: number;
  #parted = false;

  /** Takes the state over: nobody else may move it. */
  constructor(state: ExecutionState) {
    this.#state = state;
    this.#base = state.lastSeq;
  }

  static restore(plan: Plan, snapshot: Snapshot): Replica {
    return new Replica(restoreSnapshot(plan, snapshot));
  }

  /** What to send as `continuedFrom` with everything applied since. */
  get base(): number {
    return this.#base;
  }

  get plan(): Plan {
    return this.#state.plan;
  }

  /** What follows can no longer be foretold: no more work is taken from here, and it is good for one last report. */
  part(): void {
    this.#parted = true;
  }

  get parted(): boolean {
    return this.#parted;
  }

  /** The pure node execution of a pool that is next in order, or undefined. */
  nextPure(pool: BlockPool): NodeExecution | undefined {
    return this.#parted ? undefined : nextPure(this.#state, pool);
  }

  /** Does to the replica what the object will do with this report. False when the object would refuse it. */
  apply(report: AttemptRef & Report): boolean {
    const continuedFrom = this.#state.lastSeq;
    const { refused } = decide(
      this.#state,
      { type: "report", reports: [report], continuedFrom, pool: null, max: 0 },
      ENV,
    );
    return refused.length === 0;
  }

  /**
   * Does to the replica what the object did when it answered; false when the two have parted and the replica is worth nothing. As many events are not yet the same ones: a pause
   * that the replica has not heard of is one event, and so is a lease that was not given for it.
   *
   * @param answered.leased ids of what the answer hands out
   */
  confirm(answered: { pool: BlockPool; max: number; seq: number; leased: readonly string[] }): boolean {
    const { leased } = decide(this.#state, { type: "lease", pool: answered.pool, max: answered.max }, ENV);
    this.#base = this.#state.lastSeq;
    const given = new Set(answered.leased);
    return this.#base === answered.seq && leased.length === given.size && leased.every(({ id }) => given.has(id));
  }
}
