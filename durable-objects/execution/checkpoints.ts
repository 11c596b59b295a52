import { evolveBatch } from "./core/evolve.ts";
import type { LogBatch } from "./core/log-event.ts";
import { restoreSnapshot, SNAPSHOT_VERSION, takeSnapshot } from "./core/snapshot.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { initialState } from "./core/state.ts";
import type { ExecutionState } from "./core/state.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { ExecutionStore, RunHeader } from "./store.ts";

/** After the event `seq` the run had `created` node executions: finds where in the log one of them begins. */
export type Mark = [seq: number, created: number];

/** Events between two marks, at least. */
const MARK_EVERY = 500;

/** A larger snapshot is not kept: folding the log is what is left then. */
const MAX_SNAPSHOT_CHARS = 8_000_000;

/** A snapshot costs about as much as this many of its characters per event of log: it is worth its cost after so many events. */
const CHARS_PER_EVENT = 20;

/** Node executions in the state that cost as much as an event. */
const OPEN_PER_EVENT = 4;

/** What a store keeps, as JSON. */
export interface Checkpoint {
  version: number;
  marks: Mark[];
  state: Snapshot;
}

/**
 * The state that a checkpoint or the log gives: the checkpoint when this code can read it, else nothing. Nothing is ever lost by that, the log has
 * everything (rule SN3).
 */
export function stateOf(header: RunHeader, checkpoint: Checkpoint | null): { state: ExecutionState; marks: Mark[] } {
  if (checkpoint !== null && checkpoint.version === SNAPSHOT_VERSION) {
    try {
      const state = restoreSnapshot(header.plan, checkpoint.state, header.reuse);
      return { state, marks: checkpoint.marks.map(([seq, created]) => [seq, created]) };
    } catch {
      // Below.
    }
  }
  return { state: initialState(header.plan, header.created_at, header.reuse), marks: [] };
}

/** Keeps what spares a run's object the folding of the whole log when it is loaded again. Rules SN1 to SN4 of SPEC.md. */
export class Checkpoints {
  readonly #store: ExecutionStore;
  readonly marks: Mark[];
  /** Seq of the last snapshot, and its size in characters. */
  #seq: number;
  #chars = 0;

  constructor(store: ExecutionStore, marks: Mark[] = [], seq = 0) {
    this.#store = store;
    this.marks = marks;
    this.#seq = seq;
  }

  /** The state as of the newest event, and what goes on keeping snapshots of it. */
  static load(store: ExecutionStore, header: RunHeader): { state: ExecutionState; checkpoints: Checkpoints } {
    const { state, marks } = stateOf(header, read(store.snapshot()));
    const checkpoints = new Checkpoints(store, marks, state.lastSeq);
    checkpoints.#follow(state, store.batches(state.lastSeq));
    return { state, checkpoints };
  }

  /** The same of a run whose whole log is at hand, and in the store. */
  static begin(
    store: ExecutionStore,
    header: RunHeader,
    batches: readonly LogBatch[],
  ): { state: ExecutionState; checkpoints: Checkpoints } {
    const { state } = stateOf(header, null);
    const checkpoints = new Checkpoints(store);
    checkpoints.#follow(state, batches);
    return { state, checkpoints };
  }

  #follow(state: ExecutionState, batches: Iterable<LogBatch>): void {
    for (const batch of batches) {
      evolveBatch(state, batch);
      this.mark(state);
    }
    if (state.lastSeq - this.#seq >= this.#store.snapshotEvery) {
      this.#store.transaction(() => this.#save(state));
    }
  }

  /** Whether the commit that is about to be written shall have a snapshot with it. One of a run that is over would help nobody but readers. */
  isDue(state: ExecutionState): boolean {
    const events = state.lastSeq - this.#seq;
    return (
      events >= this.#store.snapshotEvery &&
      !isTerminal(state.status) &&
      events >= state.executions.size / OPEN_PER_EVENT &&
      events * CHARS_PER_EVENT >= this.#chars
    );
  }

  /** A batch was committed; `due` as `isDue` said. Belongs to the batch's transaction. */
  committed(state: ExecutionState, due: boolean): void {
    this.mark(state);
    if (due) {
      this.#save(state);
    }
  }

  mark(state: ExecutionState): void {
    if (state.lastSeq - (this.marks.at(-1)?.[0] ?? 0) >= MARK_EVERY) {
      this.marks.push([state.lastSeq, state.created]);
    }
  }

  take(state: ExecutionState): Checkpoint {
    return { version: SNAPSHOT_VERSION, marks: this.marks, state: takeSnapshot(state) };
  }

  #save(state: ExecutionState): void {
    const text = JSON.stringify(this.take(state));
    this.#seq = state.lastSeq;
    this.#chars = text.length;
    if (text.length <= MAX_SNAPSHOT_CHARS) {
      this.#store.saveSnapshot(text);
    }
  }
}

function read(text: string | null): Checkpoint | null {
  if (text === null) {
    return null;
  }
  try {
    return JSON.parse(text) as Checkpoint;
  } catch {
    return null;
  }
}
