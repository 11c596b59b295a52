import { decide } from "./core/decide.ts";
import type { Decision, Input } from "./core/decide.ts";
import { evolveBatch } from "./core/evolve.ts";
import type { LogBatch } from "./core/log-event.ts";
import type { DecisionEnv } from "./core/recorder.ts";
import { initialState } from "./core/state.ts";
import type { ExecutionState } from "./core/state.ts";
import type { ExecutionStore, RunHeader } from "./store.ts";

/** How long running attempts have to renew after a reload, ms (rule LS7): more than two heartbeats. */
const RELOAD_GRACE_MS = 8_000;

/** A decision that is committed. */
export interface Commit extends Decision {
  /** Null when nothing happened. */
  batch: LogBatch | null;
}

/** One run: its state and the store it is committed to. Owns: that state and log never part. No I/O but the store. */
export class Run {
  readonly header: RunHeader;
  readonly state: ExecutionState;
  readonly #store: ExecutionStore;
  /** A reload waits for a sign of life until then. */
  #graceUntil: number | null = null;

  private constructor(store: ExecutionStore, header: RunHeader, state: ExecutionState) {
    this.#store = store;
    this.header = header;
    this.state = state;
  }

  /** The run that a store holds, or null. Renewals of leases are not logged: see RELOAD_GRACE_MS. */
  static load(store: ExecutionStore, now: number, leaseMs: number): Run | null {
    const header = store.header();
    if (header === null) {
      return null;
    }
    const state = initialState(header.plan, header.created_at, header.reuse);
    for (const batch of store.batches(0)) {
      evolveBatch(state, batch);
    }
    const run = new Run(store, header, state);
    if (state.running.size > 0) {
      run.#graceUntil = store.grace() ?? now + Math.min(leaseMs, RELOAD_GRACE_MS);
      store.setGrace(run.#graceUntil);
    }
    for (const execution of state.running) {
      execution.leaseUntil = Math.max(execution.startedAt + leaseMs, run.#graceUntil ?? 0);
    }
    return run;
  }

  /** Creates the run and commits its start, in one transaction. */
  static create(store: ExecutionStore, header: RunHeader, first: { input: Input; env: DecisionEnv }): [Run, Commit] {
    const run = new Run(store, header, initialState(header.plan, header.created_at, header.reuse));
    const commit = store.transaction(() => {
      store.create(header);
      return run.apply(first.input, first.env);
    });
    return [run, commit];
  }

  /** Creates a run whose start comes later. */
  static createHeld(store: ExecutionStore, header: RunHeader): Run {
    store.transaction(() => store.create(header));
    return new Run(store, header, initialState(header.plan, header.created_at, header.reuse));
  }

  /**
   * Decides and commits. When the commit throws, this object is void: what the state says was never written.
   */
  apply(input: Input, env: DecisionEnv): Commit {
    const firstSeq = this.state.lastSeq + 1;
    const decision = decide(this.state, input, env);
    if (this.#graceUntil !== null && isSignOfLife(input, decision)) {
      this.#graceUntil = null;
      this.#store.setGrace(null);
    }
    if (decision.events.length === 0) {
      return { ...decision, batch: null };
    }
    const batch = { first_seq: firstSeq, at: env.now, events: decision.events };
    this.#store.append(batch);
    return { ...decision, batch };
  }
}

/** A consumer renewed or reported an attempt that is wanted. */
function isSignOfLife(input: Input, decision: Decision): boolean {
  const attempts = input.type === "renew" ? input.attempts : input.type === "report" ? input.reports : [];
  return attempts.length > decision.refused.length;
}
