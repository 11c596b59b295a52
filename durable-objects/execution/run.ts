import type { Plan } from "#graph/plan/plan.ts";
import { Checkpoints } from "./checkpoints.ts";
import { decide } from "./core/decide.ts";
import type { Decision, Input } from "./core/decide.ts";
import type { LogBatch, LogEvent } from "./core/log-event.ts";
import type { DecisionEnv } from "./core/recorder.ts";
import { initialState } from "./core/state.ts";
import type { ExecutionState } from "./core/state.ts";
import type { BegunRun } from "./protocol.ts";
import type { ExecutionStore, RunHeader } from "./store.ts";

/** How long running attempts have to renew after a reload, ms (rule LS7): more than two heartbeats. */
const RELOAD_GRACE_MS = 8_000;

/** Characters of log that a run gets before all but the smallest values are stored. */
const CROWDED_LENGTH = 8_000_000;

/** A decision that is committed. */
export interface Commit extends Decision {
  /** Null when nothing happened. */
  batch: LogBatch | null;
}

/** One run: its state and the store it is committed to. Owns: that state and log never part. No I/O but the store. */
export class Run {
  readonly header: RunHeader;
  readonly state: ExecutionState;
  readonly checkpoints: Checkpoints;
  readonly #store: ExecutionStore;
  /** A reload waits for a sign of life until then. */
  #graceUntil: number | null = null;
  /** Characters of log, since it was loaded. */
  #written = 0;

  private constructor(store: ExecutionStore, header: RunHeader, state: ExecutionState, checkpoints?: Checkpoints) {
    this.#store = store;
    this.header = header;
    this.state = state;
    this.checkpoints = checkpoints ?? new Checkpoints(store);
  }

  /** The run that a store holds, or null. Renewals of leases are not logged: see RELOAD_GRACE_MS. `leaseOf`: how long its leases last, ms. */
  static load(store: ExecutionStore, now: number, leaseOf: (plan: Plan) => number): Run | null {
    const header = store.header();
    if (header === null) {
      return null;
    }
    const { state, checkpoints } = Checkpoints.load(store, header);
    const run = new Run(store, header, state, checkpoints);
    const leaseMs = leaseOf(run.header.plan);
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

  /** Stores a run with its first stretch, in one transaction. */
  static adopt(store: ExecutionStore, begun: BegunRun): void {
    store.transaction(() => store.adopt(begun));
  }

  /** The run that was just adopted, with its first stretch as the commit that it is. What it has under way is leased to the consumer that began it. */
  static ofAdopted(
    store: ExecutionStore,
    begun: BegunRun,
    { now, leaseOf }: { now: number; leaseOf: (plan: Plan) => number },
  ): [Run, Commit] {
    const header = JSON.parse(begun.header) as RunHeader;
    const batches = begun.batches.map(({ first_seq, at, events }) => ({
      first_seq,
      at,
      events: JSON.parse(events) as LogEvent[],
    }));
    const { state, checkpoints } = Checkpoints.begin(store, header, batches);
    for (const execution of state.running) {
      execution.leaseUntil = now + leaseOf(header.plan);
      execution.consumer = begun.consumer ?? "";
    }
    const events = batches.flatMap((batch) => batch.events);
    const commit = { events, leased: [], refused: [], accepted: true, childOutputs: -1, batch: batches.at(-1) ?? null };
    return [new Run(store, header, state, checkpoints), commit];
  }

  /** Creates a run whose start comes later. */
  static createHeld(store: ExecutionStore, header: RunHeader): Run {
    store.transaction(() => store.create(header));
    return new Run(store, header, initialState(header.plan, header.created_at, header.reuse));
  }

  /** The log has grown by much: consumers store all but the smallest values (rule BV13). */
  get crowded(): boolean {
    return this.#written > CROWDED_LENGTH;
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
    const due = this.checkpoints.isDue(this.state);
    const commit = (): void => {
      this.#written += this.#store.append(batch);
      this.checkpoints.committed(this.state, due);
    };
    if (due) {
      this.#store.transaction(commit);
    } else {
      commit();
    }
    return { ...decision, batch };
  }
}

/** A consumer renewed or reported an attempt that is wanted. */
function isSignOfLife(input: Input, decision: Decision): boolean {
  const attempts = input.type === "renew" ? input.attempts : input.type === "report" ? input.reports : [];
  return attempts.length > decision.refused.length;
}
