import type { Outcome } from "#durable-objects/execution/protocol.ts";
import type { JsonValue } from "#graph/json.ts";
import { Bystander, RARELY_MS } from "./bystander.ts";
import type { LogModel } from "./log-model.ts";
import { onlyFailedCalls } from "./network.ts";
import type { Network } from "./network.ts";
import type { ObjectHost } from "./object-host.ts";
import type { Random } from "./random.ts";
import { must } from "./violation.ts";
import type { World } from "./world.ts";

interface Made {
  executionId: string;
  ne: string;
  /** Null: no answer has come, so nobody knows. */
  accepted: boolean | null;
}

interface Target {
  executionId: string;
  ne: string;
}

export interface Outside {
  network: Network;
  hostOf: (executionId: string) => ObjectHost;
  logOf: (executionId: string) => LogModel | null;
  logs: () => Iterable<[executionId: string, log: LogModel]>;
  /** Nobody has anything to wait for any more. */
  isOver: () => boolean;
}

/**
 * Somebody outside who was given addresses to call (rule WT7). Calls too early, too late, twice, and where nobody waits; no call is made again by itself, as
 * the Worker makes none. Every call says something of its own, so that the log tells which of them was heard.
 */
export class Outsider extends Bystander {
  readonly #outside: Outside;
  readonly #random: Random;
  readonly #known = new Set<string>();
  readonly #calls: Made[] = [];

  constructor(world: World, outside: Outside) {
    super("outsider", world);
    this.#outside = outside;
    this.#random = world.random.stream("outsider");
  }

  /** A block has given out an address. */
  given(target: Target): void {
    const key = `${target.executionId} ${target.ne}`;
    if (this.#known.has(key)) {
      return;
    }
    this.#known.add(key);
    this.#go(this.#pursue(target));
    if (this.#random.chance(0.3)) {
      this.#go(this.#callLater(target, this.#random.small(1, 20_000)));
    }
    if (this.#random.chance(0.1)) {
      // To whoever stands beside it.
      this.#go(this.#callLater({ ...target, ne: `n${this.#random.between(1, 9)}` }, this.#random.small(1, 20_000)));
    }
  }

  /** Every call that was heard was made, and heard once; what its caller was told is true. */
  check(): void {
    const heard = new Map<number, Target>();
    for (const [executionId, log] of this.#outside.logs()) {
      const ends = new Set<string>();
      for (const { ne, data } of log.waits.callsHeard) {
        must(!ends.has(ne), "heard-once", () => `the wait of ${ne} was ended by two calls`);
        ends.add(ne);
        const number = callOf(data);
        must(!heard.has(number), "heard-once", () => `call ${number} was heard twice`);
        heard.set(number, { executionId, ne });
      }
    }
    for (const [number, call] of this.#calls.entries()) {
      const at = heard.get(number);
      const told = (): string => `call ${number} of ${call.ne} was told ${call.accepted}, and was heard: ${!!at}`;
      must(call.accepted === null || call.accepted === (at !== undefined), "heard-once", told);
      const rightly = at === undefined || (at.executionId === call.executionId && at.ne === call.ne);
      must(rightly, "heard-once", () => `call ${number} was for ${call.ne} and heard by ${at?.ne}`);
      heard.delete(number);
    }
    must(heard.size === 0, "heard-once", () => `nobody made the calls ${[...heard.keys()].join(", ")}`);
  }

  #go(work: Promise<void>): void {
    work.catch((error: unknown) => this.world.fail(error));
  }

  async #pursue(target: Target): Promise<void> {
    const isNegligent = this.#random.chance(0.3);
    for (let pause = this.#random.small(1, 15_000); ; pause = Math.min(RARELY_MS, 2 * pause + 100)) {
      await this.pause(pause);
      const log = this.#outside.logOf(target.executionId);
      if (this.#outside.isOver() || log?.ended || log?.entries.get(target.ne)?.called === true) {
        break;
      }
      const entry = log?.entries.get(target.ne);
      const mustCall = entry?.status === "waiting" && entry.waitsFor === "callback" && entry.until === null;
      if (!isNegligent || mustCall) {
        await this.#call(target);
      }
    }
    if (this.#random.chance(0.5)) {
      await this.#callLater(target, this.#random.small(1, 5_000));
    }
  }

  async #callLater(target: Target, ms: number): Promise<void> {
    await this.pause(ms);
    await this.#call(target);
  }

  async #call({ executionId, ne }: Target): Promise<void> {
    const { network, hostOf, logOf } = this.#outside;
    const number = this.#calls.length;
    const call: Made = { executionId, ne, accepted: null };
    this.#calls.push(call);
    let outcome: Outcome<null>;
    try {
      outcome = (await network.call(this, hostOf(executionId), "callback", [ne, { call: number }])) as Outcome<null>;
    } catch (error) {
      onlyFailedCalls(error);
      return;
    }
    call.accepted = outcome.ok;
    const heard = logOf(executionId)?.waits.callsHeard.some(({ data }) => callOf(data) === number) === true;
    must(heard === outcome.ok, "heard-once", () => `call ${number} of ${ne} is told ${outcome.ok}, heard: ${heard}`);
    if (outcome.ok) {
      this.world.features.happened("callbacks");
    }
  }
}

/** Which call said this; -1: none. */
export function callOf(data: JsonValue): number {
  return typeof data === "object" && data !== null && !Array.isArray(data) && typeof data.call === "number"
    ? data.call
    : -1;
}
