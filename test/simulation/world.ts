import type { FaultPlan } from "./faults.ts";
import type { Features } from "./features.ts";
import type { LargeValues } from "./large-values.ts";
import type { Random } from "./random.ts";
import { Violation } from "./violation.ts";

/** Something that runs code: an object's home, a consumer's isolate, a client. Its code runs only in steps that the world gives it. */
export interface Machine {
  readonly name: string;
  /** False when it is gone for ever: what was to happen on it does not. */
  readonly up: boolean;
  /** True time until which it does nothing. */
  readonly stalledUntil: number;
  /** Its clock, ms since the epoch. */
  now(): number;
  /** Its timers, for code that knows only the platform's. */
  setTimer(ms: number, work: () => void): Timer;
  /** Before and after every step on it. */
  begin?(): void;
  end?(): void;
}

export interface Timer {
  cancel(): void;
}

interface Event {
  at: number;
  tie: number;
  machine: Machine;
  label: string;
  work: () => void;
  off: boolean;
}

const EPOCH = 1_800_000_000_000;
const immediate = setImmediate;

/** Virtual time, and the order in which everything happens. One step at a time, each until nothing of it is left to do. */
export class World {
  readonly faults: FaultPlan;
  readonly features: Features;
  readonly random: Random;
  /** True time, ms since the epoch. */
  now = EPOCH;
  steps = 0;
  /** Where things happen that are nobody's. */
  readonly nowhere: Machine;
  /** On whose machine the code of this moment runs. */
  current: Machine | null = null;
  /** Set in worlds where values are stored by themselves. */
  large: LargeValues | null = null;
  readonly #ties: Random;
  readonly #heap: Event[] = [];
  readonly #trace: string[] | null;
  #failure: Violation | null = null;

  constructor(random: Random, more: { faults: FaultPlan; features: Features; trace: string[] | null }) {
    const { faults, features, trace } = more;
    this.random = random;
    this.faults = faults;
    this.features = features;
    this.#ties = random.stream("ties");
    this.#trace = trace;
    const setTimer: Machine["setTimer"] = (ms, work) => this.schedule(ms, this.nowhere, "timer", work);
    this.nowhere = { name: "world", up: true, stalledUntil: 0, now: () => this.now, setTimer };
  }

  get elapsed(): number {
    return this.now - EPOCH;
  }

  /** Lets `work` happen on a machine after `ms` of true time. What falls on the same time happens in an order of chance. */
  schedule(ms: number, machine: Machine, label: string, work: () => void): Timer {
    const event: Event = {
      at: this.now + Math.max(0, Math.round(ms)),
      tie: this.#ties.next(),
      machine,
      label,
      work,
      off: false,
    };
    push(this.#heap, event);
    return { cancel: () => void (event.off = true) };
  }

  /** Steps until nothing is left to happen, `limits` are passed, or an invariant breaks. False when limits were passed. */
  async run(limits: { steps: number; elapsed: number }): Promise<boolean> {
    for (let event = pop(this.#heap); event !== undefined; event = pop(this.#heap)) {
      const { machine } = event;
      if (event.off || !machine.up) {
        continue;
      }
      if (machine.stalledUntil > event.at) {
        event.at = machine.stalledUntil;
        push(this.#heap, event);
        continue;
      }
      this.now = event.at;
      if (this.steps >= limits.steps || this.elapsed > limits.elapsed) {
        return false;
      }
      await this.#step(event);
    }
    return true;
  }

  /** For code that cannot throw what it found: it would be taken for something else on its way. */
  fail(error: unknown): void {
    this.#failure ??= asViolation(this.current?.name ?? "somewhere", error);
  }

  note(text: () => string): void {
    this.#trace?.push(`${(this.elapsed / 1_000).toFixed(3).padStart(9)} s  ${text()}`);
  }

  async #step({ machine, label, work }: Event): Promise<void> {
    this.steps += 1;
    this.note(() => `[${this.steps}] ${machine.name}: ${label}`);
    this.current = machine;
    try {
      machine.begin?.();
      work();
      await drained();
      machine.end?.();
    } catch (error) {
      throw asViolation(`${machine.name}, ${label}`, error);
    } finally {
      this.current = null;
    }
    if (this.#failure !== null) {
      throw this.#failure;
    }
  }
}

function asViolation(where: string, error: unknown): Violation {
  if (error instanceof Violation) {
    return error;
  }
  return new Violation(
    "no-surprise",
    `${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

/** Resolves when every promise that could go on has gone on. */
function drained(): Promise<void> {
  return new Promise((resolve) => void immediate(resolve));
}

function before(a: Event, b: Event): boolean {
  return a.at === b.at ? a.tie < b.tie : a.at < b.at;
}

function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || before(above, event)) {
      break;
    }
    heap[index] = above;
    index = parent;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) {
    return top;
  }
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    const left = heap[child];
    const right = heap[child + 1];
    if (left === undefined) {
      break;
    }
    let least = left;
    if (right !== undefined && before(right, left)) {
      least = right;
      child += 1;
    }
    if (!before(least, last)) {
      break;
    }
    heap[index] = least;
    index = child;
  }
  heap[index] = last;
  return top;
}
