import type { FaultPlan } from "./faults.ts";
import type { Answer, Call } from "./object-call.ts";
import type { ObjectHost } from "./object-host.ts";
import type { Machine, World } from "./world.ts";

/** Who calls an object. A consumer can be killed in the middle of a call; others are not. */
export interface Caller extends Machine {
  readonly mortal: boolean;
  kill?(why: string): void;
}

/** A call did not come to its answer: it was lost on its way there or back, or whoever was called failed at it. Callers live with that; anything else is a bug. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

/** Whoever can go on without an answer throws everything else. */
export function onlyFailedCalls(error: unknown): void {
  if (!(error instanceof CallFailed)) {
    throw error;
  }
}

/** Calls between machines: each takes time, may be lost on the way there or back, or arrive twice. */
export class Network {
  readonly #world: World;
  readonly #faults: FaultPlan;
  /** True time until which nothing comes through. */
  #partedUntil = 0;

  constructor(world: World) {
    this.#world = world;
    this.#faults = world.faults;
  }

  part(ms: number): void {
    this.#partedUntil = this.#world.now + ms;
  }

  heal(): void {
    this.#partedUntil = 0;
  }

  /** A call of the object's `method`. Arguments and answer are copied, as RPC does. */
  call(caller: Caller, host: ObjectHost, method: string, args: unknown[]): Promise<unknown> {
    if (this.#kills("killed_before_call", caller)) {
      return new Promise(() => {});
    }
    const request = structuredClone(args);
    return new Promise((resolve, reject) => {
      const arrive = once((answer: Answer) => {
        if (this.#kills("killed_after_call", caller)) {
          return;
        }
        if (answer.ok) {
          resolve(answer.value);
        } else {
          reject(new CallFailed(answer.error));
        }
      });
      const reply = (answer: Answer): void => {
        const lost = this.#parted || this.#faults.strikes("answer_lost");
        const outcome = lost ? ({ ok: false, error: "The connection was lost." } as const) : answer;
        this.#world.schedule(this.latency(), caller, `${method} is ${lost ? "not " : ""}answered`, () =>
          arrive(outcome),
        );
      };
      if (this.#parted || this.#faults.strikes("request_lost")) {
        const failed = { ok: false, error: "The object could not be reached." } as const;
        this.#world.schedule(this.latency(), caller, `${method} does not get through`, () => arrive(failed));
      } else {
        this.#deliver(host, { method, args: request, reply });
        if (method === "report" && this.#faults.strikes("report_repeated")) {
          this.#deliver(host, { method, args: structuredClone(args), reply });
        }
      }
      this.#kills("killed_during_call", caller);
    });
  }

  latency(): number {
    const random = this.#world.random;
    const slow = this.#faults.strikes("call_delayed");
    return slow ? this.#faults.random("call_delayed").small(10, 5_000) : random.small(0, 6);
  }

  get #parted(): boolean {
    return this.#partedUntil > this.#world.now;
  }

  #deliver(host: ObjectHost, call: Call): void {
    this.#world.schedule(this.latency(), host, call.method, () => host.receive(call));
  }

  #kills(kind: "killed_before_call" | "killed_during_call" | "killed_after_call", caller: Caller): boolean {
    if (!caller.up) {
      return true;
    }
    if (!caller.mortal || !this.#faults.strikes(kind)) {
      return false;
    }
    caller.kill?.(kind);
    return true;
  }
}

function once(work: (answer: Answer) => void): (answer: Answer) => void {
  let done = false;
  return (answer) => {
    if (!done) {
      done = true;
      work(answer);
    }
  };
}
