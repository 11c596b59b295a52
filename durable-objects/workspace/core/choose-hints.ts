import type { BlockHints, MemoryClass } from "../protocol.ts";
import type { Figures } from "./figures.ts";
import type { LogSketch } from "./log-sketch.ts";

/** Executions of a block before its figures count for anything, and in one hour of the week before that hour's do. */
const ENOUGH = 50;

/** Values of this many characters make a block one for the pool with the memory, and an agent one of the class `large`. */
const LARGE_SIZE = 4_000_000;
/** A block that computes for this long keeps others waiting in the common pool, ms. */
const LONG_COMPUTATION_MS = 250;

const DEFAULT_LEASE_MS = 30_000;
const MIN_LEASE_MS = 10_000;
/** A lease lasts this many times what 99 % of the executions took. */
const LEASE_FACTOR = 3;

/** Node executions of one message run five at a time; waiting in line this long costs less than another message, ms. */
const MESSAGE_MS = 10;
const SLOTS = 5;
const MAX_PER_MESSAGE = 50;

/**
 * How a block should run, from what its executions took at any time and in this hour of the week, if that had enough; undefined when as it declares.
 * An hour lengthens a lease and never shortens it: 50 executions say little of the slowest one in a hundred, and a lease that is too short
 * costs a lost attempt. `pool: "cpu"` means "if it only computes": the caller knows which blocks do.
 */
export function chooseHints(all: Figures, hour?: Figures): BlockHints | undefined {
  if (all.n < ENOUGH) {
    return undefined;
  }
  const figures = hour !== undefined && hour.n >= ENOUGH ? hour : all;
  const hints: BlockHints = {};
  const median = figures.duration.quantile(0.5);
  if (memoryClassOf(figures.size) === "large") {
    hints.pool = "memory";
  } else if (median >= LONG_COMPUTATION_MS) {
    hints.pool = "cpu";
  }
  const slowest = Math.max(figures.duration.quantile(0.99), all.duration.quantile(0.99));
  const lease = Math.max(MIN_LEASE_MS, Math.ceil(slowest * LEASE_FACTOR));
  if (lease < DEFAULT_LEASE_MS) {
    hints.lease_ms = lease;
  }
  const perMessage = Math.min(MAX_PER_MESSAGE, Math.floor((MESSAGE_MS / Math.max(1, median)) * SLOTS));
  if (perMessage > SLOTS) {
    hints.per_message = perMessage;
  }
  return Object.keys(hints).length === 0 ? undefined : hints;
}

/** Rule WP7: whether one in ten has large values; null when nothing was observed. */
export function memoryClassOf(size: LogSketch): MemoryClass | null {
  return size.weight === 0 ? null : size.quantile(0.9) >= LARGE_SIZE ? "large" : "small";
}
