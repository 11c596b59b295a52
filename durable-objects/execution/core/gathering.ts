import { Fifo } from "./fifo.ts";
import type { BoundValue, ExecutionState, NodeExecution } from "./state.ts";
import { findStored, STORED_KEY } from "./stored-value.ts";

/** A value for a list. */
export interface GatheredValue extends BoundValue {
  /** Characters that it takes in a call as JSON. */
  size: number;
  /** As `size`, with what is stored elsewhere of it. */
  whole: number;
}

/** What a node that gathers holds (rules GA1 to GA7 of SPEC.md). Only `evolve` changes it. */
export interface Gathering {
  /** Values that no execution has taken, in the order in which they arrived. */
  pool: Fifo<GatheredValue>;
  /** Sums over `pool`. */
  size: number;
  whole: number;
  /** INCOMPLETE executions, oldest first. */
  open: Fifo<NodeExecution>;
  /** Nodes before this one that have executions whose outputs may still travel. Counted only where the node gathers until the end. */
  busy: number;
  /** Something before it was queued. */
  reached: boolean;
  /** Its one execution was queued. */
  done: boolean;
}

export function newGathering(): Gathering {
  return { pool: new Fifo(), size: 0, whole: 0, open: new Fifo(), busy: 0, reached: false, done: false };
}

export function measured(bound: BoundValue): GatheredValue {
  const text = JSON.stringify(bound.value);
  let whole = text.length;
  if (text.includes(STORED_KEY_IN_TEXT)) {
    for (const { size } of findStored(bound.value).values()) {
      whole += size;
    }
  }
  return { ...bound, size: text.length, whole };
}

const STORED_KEY_IN_TEXT = JSON.stringify(STORED_KEY);

export function hold(gathering: Gathering, value: GatheredValue): void {
  gathering.pool.push(value);
  gathering.size += value.size;
  gathering.whole += value.whole;
}

/** The oldest value, which is held no longer. */
export function letGo(gathering: Gathering): GatheredValue | undefined {
  const value = gathering.pool.shift();
  gathering.size -= value?.size ?? 0;
  gathering.whole -= value?.whole ?? 0;
  return value;
}

/** The node has an execution again, after it had none: what gathers below it waits for that. */
export function becameBusy(state: ExecutionState, index: number): void {
  for (const below of state.below?.[index] ?? []) {
    const gathering = state.nodes[below]?.gathering ?? null;
    if (gathering !== null) {
      gathering.busy += 1;
      gathering.reached = true;
      state.due.delete(below);
    }
  }
}

/** All of the node's executions are over and have passed on their outputs. */
export function becameIdle(state: ExecutionState, index: number): void {
  for (const below of state.below?.[index] ?? []) {
    const gathering = state.nodes[below]?.gathering ?? null;
    if (gathering !== null) {
      gathering.busy -= 1;
      if (gathering.busy === 0 && !gathering.done) {
        state.due.add(below);
      }
    }
  }
}
