import type { LogEvent, ValueRef } from "./core/log-event.ts";
import type { JsonValue } from "#graph/json.ts";
import { wholeLength } from "./core/rough-length.ts";

/** Texts that are shorter do not make a run large by themselves, nor do numbers and the like: most values of most runs. They count in gathered lists. */
const SHORT_LENGTH = 1_000;
const PER_NUMBER = 6;
/** Outputs that are shorter are not remembered one by one, characters. */
const REMEMBERED_LENGTH = 16_000;
/** Outputs that are remembered; beyond that the oldest count like an average one. */
const MOST_REMEMBERED = 1_000;

/**
 * How large a run is: about how many characters of JSON its largest node execution has as inputs and outputs together, for the workspace's predictions. In
 * memory only; a run that was reloaded measures what it has seen since.
 */
export class RunSize {
  /** Characters of the node executions that are queued or running and are not short so far. */
  readonly #open = new Map<string, number>();
  /** By sequence number. */
  readonly #outputs = new Map<number, number>();
  #count = 0;
  #total = 0;
  /** Something was worth counting. */
  #counts = false;
  #largest = 0;

  get largest(): number {
    return Math.round(this.#largest);
  }

  /** @param firstSeq the first event's sequence number; they are consecutive */
  follow(firstSeq: number, events: readonly LogEvent[]): void {
    let seq = firstSeq;
    for (const event of events) {
      switch (event.type) {
        case "execution_started":
          this.#largest = Math.max(this.#largest, wholeLength(event.inputs));
          this.#counts ||= this.#largest >= SHORT_LENGTH;
          break;
        case "node_output":
          this.#measure(event, seq);
          break;
        case "node_queued":
          if (this.#counts || event.gathered !== undefined || event.literals !== undefined) {
            this.#grow(event.ne, this.#inputs(event));
          }
          break;
        case "node_completed":
        case "node_failed":
        case "node_terminated":
          if (this.#open.size > 0) {
            this.#open.delete(event.ne);
          }
          break;
        default:
      }
      seq += 1;
    }
  }

  #measure({ ne, value }: Extract<LogEvent, { type: "node_output" }>, seq: number): void {
    this.#count += 1;
    if (isShort(value)) {
      this.#total += typeof value === "string" ? value.length + 2 : PER_NUMBER;
      return;
    }
    this.#counts = true;
    this.#grow(ne, this.#output(seq, wholeLength(value)));
  }

  #grow(ne: string, by: number): void {
    if (by < SHORT_LENGTH) {
      return;
    }
    const size = (this.#open.get(ne) ?? 0) + by;
    this.#open.set(ne, size);
    this.#largest = Math.max(this.#largest, size);
  }

  #inputs({ refs, gathered = [], literals }: Extract<LogEvent, { type: "node_queued" }>): number {
    const average = this.#count === 0 ? 0 : this.#total / this.#count;
    let length = literals === undefined ? 0 : wholeLength(literals);
    for (const [, ref] of refs) {
      length += this.#lengthOf(ref) ?? average;
    }
    for (const ref of gathered) {
      length += this.#lengthOf(ref) ?? average;
    }
    return length;
  }

  /** A part of a value is taken for the whole: the consumer holds it too. */
  #lengthOf(ref: ValueRef): number | undefined {
    return this.#outputs.size === 0 ? undefined : this.#outputs.get(typeof ref === "number" ? ref : ref[0]);
  }

  #output(seq: number, length: number): number {
    if (length < REMEMBERED_LENGTH) {
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

function isShort(value: JsonValue): boolean {
  return typeof value === "string" ? value.length < SHORT_LENGTH : typeof value !== "object" || value === null;
}
