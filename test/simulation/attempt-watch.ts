import type { Lease } from "#durable-objects/execution/protocol.ts";
import type { Isolate } from "./isolate.ts";
import type { Entry } from "./log-entry.ts";
import type { LogModel } from "./log-model.ts";
import { must, Violation } from "./violation.ts";
import type { Invariant } from "./violation.ts";
import type { World } from "./world.ts";

interface Runs {
  log(executionId: string): LogModel | null;
  host(executionId: string): { now(): number; leaseMs: number };
}

/** Watches blocks as they run: what they begin must be in the log before, and what they do to the world outside is counted. */
export class AttemptWatch {
  readonly #world: World;
  readonly #runs: Runs;
  /** Who holds which attempt: `<run> n3#1`. */
  readonly #holders = new Map<string, { isolate: Isolate; since: number }>();
  readonly #begun = new Set<string>();
  readonly #acts = new Map<string, number>();
  /** Told of every address that a block gives out for a call from outside. */
  onAddress: (executionId: string, ne: string) => void = () => {};
  /** True time from which on nothing has gone wrong; null while things do. */
  calmSince: number | null = null;

  constructor(world: World, runs: Runs) {
    this.#world = world;
    this.#runs = runs;
  }

  leased(
    isolate: Isolate,
    executionId: string,
    { node_execution_id, attempt }: Pick<Lease, "node_execution_id" | "attempt">,
  ): void {
    this.#holders.set(`${executionId} ${node_execution_id}#${attempt}`, { isolate, since: this.#world.now });
  }

  /** @param unstored it was handed out by a draft that no object had yet (rule ST7) */
  begun(isolate: Isolate, executionId: string, lease: Lease, unstored: boolean): void {
    const { node_execution_id: ne, attempt, effects } = lease;
    this.#world.note(() => `    ${isolate.name} begins ${ne}#${attempt} (${lease.node_id}, ${effects})`);
    if (unstored) {
      this.#world.features.happened("safe_calls");
      const reads = effects === "safe" || effects === "pure";
      this.#must(reads, "begun-is-logged", `${ne} is ${effects}, and begins before its run is stored`);
      return;
    }
    const log = this.#runs.log(executionId);
    const entry = log?.entries.get(ne);
    const isKnown = entry?.known?.node === lease.node_id;
    this.#must(!isKnown, "reused-not-run", `${ne} is run, and its result was at hand`);
    if (log?.plan.nodes[entry?.node ?? -1]?.pool === "memory") {
      this.#world.features.happened("memory_pool");
    }
    if (effects === "pure") {
      return;
    }
    const logged = entry !== undefined && entry.attempt >= attempt;
    this.#must(logged, "begun-is-logged", `attempt ${attempt} of ${ne} begins, and the log does not know it`);
    if (entry?.attempt === attempt) {
      const { reason, data } = lease.resume ?? {};
      const [told, happened] = [
        JSON.stringify([reason, data]),
        JSON.stringify([entry.resume?.reason, entry.resume?.data]),
      ];
      this.#must(told === happened, "heard-once", `${ne} goes on with ${told}, and what happened is ${happened}`);
    }
    const key = `${executionId} ${ne}#${attempt}`;
    this.#must(!this.#begun.has(key), "once-is-once", `attempt ${attempt} of ${ne} begins twice`);
    this.#begun.add(key);
  }

  /** A block gives out the address at which its wait can be ended. */
  addressGiven(executionId: string, ne: string): void {
    this.onAddress(executionId, ne);
  }

  /** The block does something to the world outside. */
  acted(executionId: string, { node_execution_id: ne, effects, attempt }: Lease): void {
    const acts = (this.#acts.get(`${executionId} ${ne}`) ?? 0) + 1;
    this.#acts.set(`${executionId} ${ne}`, acts);
    const entry = this.#runs.log(executionId)?.entries.get(ne);
    const allowed = 1 + (entry === undefined ? 0 : entry.failures + entry.lost);
    this.#must(
      effects !== "once" || acts <= allowed,
      "once-is-once",
      `${ne} acts for the ${acts}. time, in attempt ${attempt}; ${allowed} allowed`,
    );
  }

  /** Thrown in a block, a violation would pass for the block's failure. */
  #must(condition: boolean, invariant: Invariant, message: string): void {
    if (!condition) {
      this.#world.fail(new Violation(invariant, message));
    }
  }

  /** An attempt is given up as lost. Whoever held it, is well and was not disturbed must not lose it. */
  lost(executionId: string, entry: Entry): void {
    const { calmSince } = this;
    const holder = this.#holders.get(`${executionId} ${entry.ne}#${entry.attempt}`);
    if (calmSince === null || holder === undefined || entry.startedAt < calmSince) {
      return;
    }
    const { isolate } = holder;
    // A deadline is a time of the object's clock: a consumer whose clock is far from it renews too late or too often.
    const host = this.#runs.host(executionId);
    const skew = Math.abs(isolate.now() - host.now());
    const well = isolate.up && isolate.lastStall < calmSince && skew < host.leaseMs / 2;
    must(
      !well,
      "healthy-keeps-lease",
      () => `${isolate.name} is well and loses attempt ${entry.attempt} of ${entry.ne}, held since ${holder.since}`,
    );
  }
}
