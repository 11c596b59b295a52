import type { WorkMessage } from "#durable-objects/execution/protocol.ts";
import { Isolate } from "./isolate.ts";
import type { IsolateDeps, Version } from "./isolate.ts";
import type { World } from "./world.ts";

/** How often a message is given out again whose consumer died with it. */
const REDELIVERIES = 3;

/** The work queue and the isolates that consume it. */
export class WorkQueue {
  readonly isolates: Isolate[] = [];
  readonly #world: World;
  readonly #deps: Omit<IsolateDeps, "version" | "ahead" | "world">;
  readonly #versions: Version[];
  /** A message is acknowledged when its work is done, not when it is taken. */
  readonly #awaits: boolean;
  #made = 0;
  /** Messages under way; a restart of everything loses them. */
  #epoch = 0;

  constructor(world: World, deps: Omit<IsolateDeps, "version" | "ahead" | "world">) {
    this.#world = world;
    this.#deps = deps;
    const random = world.random.stream("work queue");
    this.#versions = random.chance(0.5) ? ["current"] : ["current", "never_alone", "one_at_a_time"];
    this.#awaits = random.chance(0.5);
  }

  send(message: WorkMessage): void {
    const { faults } = this.#world;
    if (faults.strikes("message_dropped")) {
      return;
    }
    this.#deliver(message, 0);
    if (faults.strikes("message_repeated")) {
      this.#deliver(message, 0);
    }
  }

  /** The process in which all of this runs was killed: consumers and messages are gone. */
  restart(): void {
    this.#epoch += 1;
    for (const isolate of this.isolates.splice(0)) {
      isolate.onKilled = () => {};
      isolate.kill("restart of everything");
    }
  }

  /** Isolates that are alive. */
  get living(): Isolate[] {
    return this.isolates.filter(({ up }) => up);
  }

  #deliver(message: WorkMessage, deliveries: number): void {
    const { faults, random } = this.#world;
    const slow = faults.strikes("message_delayed");
    const delay = slow ? faults.random("message_delayed").small(10, 20_000) : random.between(1, 10);
    const epoch = this.#epoch;
    this.#world.schedule(delay, this.#world.nowhere, `message for ${message.pool}`, () => {
      if (epoch === this.#epoch) {
        this.#take({ ...message }, deliveries);
      }
    });
  }

  #take(message: WorkMessage, deliveries: number): void {
    const isolate = this.isolate();
    if (this.#awaits && deliveries < REDELIVERIES) {
      const { onKilled } = isolate;
      isolate.onKilled = (unfinished) => {
        onKilled(unfinished);
        if (unfinished.includes(message)) {
          this.#deliver(message, deliveries + 1);
        }
      };
    }
    const budgetMs = this.#world.random.chance(0.2) ? this.#world.random.between(0, 2_000) : 240_000;
    this.#world.schedule(0, isolate, `takes a message for ${message.pool}`, () => isolate.work(message, budgetMs));
  }

  /** One that is alive, perhaps a new one. */
  isolate(): Isolate {
    const { random, faults } = this.#world;
    const living = this.living;
    if (living.length >= 3 || (living.length > 0 && random.chance(0.7))) {
      return random.pick(living);
    }
    this.#made += 1;
    const ahead = faults.rates.has("consumer_clock_jumps") ? random.between(-300, 300) : random.between(-20, 20);
    const isolate = new Isolate(`consumer${this.#made}`, {
      ...this.#deps,
      world: this.#world,
      version: random.pick(this.#versions),
      ahead,
    });
    this.isolates.push(isolate);
    return isolate;
  }
}
