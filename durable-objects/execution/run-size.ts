import type { LogEvent, ValueRef } from "./core/log-event.ts";
import { wholeLength } from "./core/rough-length.ts";

/** Outputs that are shorter are not remembered one by one, characters. */
const REMEMBERED_LENGTH = 16_000;
/** Outputs that are remembered; beyond that the oldest count like an average one. */
const MOST_REMEMBERED = 1_000;

/**
 * How large a run is: about how many characters of JSON its largest node execution has as inputs and outputs together, for the workspace's predictions. In
 * memory only; a run that was reloaded measures what it has seen since.
 */
export class RunSize {
  /** Characters of each node execution that is queued or running. */
  readonly #open = new Map<string, number>();
  /** By sequence number. */
  readonly #outputs = new Map<number, number>();
  #count = 0;
  #total = 0;
  #largest = 0;

  get largest(): number {
    return Math.round(this.#largest);
  }

  /** @param firstSeq the first event's sequence number; they are consecutive */
  follow(firstSeq: number, events: readonly LogEvent[]): void {
    for (const [index, event] of events.entries()) {
      if (event.type === "execution_started") {
        this.#largest = Math.max(this.#largest, wholeLength(event.inputs));
      } else if (event.type === "node_queued") {
        this.#grow(event.ne, this.#inputs(event));
      } else if (event.type === "node_output") {
        this.#grow(event.ne, this.#output(firstSeq + index, wholeLength(event.value)));
      } else if (event.type === "node_completed" || event.type === "node_failed" || event.type === "node_terminated") {
        this.#open.delete(event.ne);
      }
    }
  }

  #grow(ne: string, by: number): void {
    const size = (this.#open.get(ne) ?? 0) + by;
    this.#open.set(ne, size);
    this.#largest = Math.max(this.#largest, size);
  }

  #inputs({ refs, gathered = [], literals }: Extract<LogEvent, { type: "node_queued" }>): number {
    const linked = refs.reduce((sum, [, ref]) => sum + this.#lengthOf(ref), 0);
    const listed = gathered.reduce<number>((sum, ref) => sum + this.#lengthOf(ref), 0);
    return linked + listed + (literals === undefined ? 0 : wholeLength(literals));
  }

  /** A part of a value is taken for the whole: the consumer holds it too. */
  #lengthOf(ref: ValueRef): number {
    const average = this.#count === 0 ? 0 : this.#total / this.#count;
    return this.#outputs.get(typeof ref === "number" ? ref : ref[0]) ?? average;
  }

  #output(seq: number, length: number): number {
    if (length < REMEMBERED_LENGTH) {
      this.#count += 1;
      this.#total += length;
      return length;
    }
    this.#outputs.set(seq, length);
    if (this.#outputs.size > MOST_REMEMBERED) {
      const [oldest = 0] = this.#outputs.keys();
      this.#outputs.delete(oldest);
    }
    return length;
  }
}
