import type { Network } from "./network.ts";
import type { ObjectHost } from "./object-host.ts";
import type { Random } from "./random.ts";
import type { WorkQueue } from "./work-queue.ts";
import type { Machine, World } from "./world.ts";

interface Victims {
  hosts: () => ObjectHost[];
  leaseMs: number;
  queue: WorkQueue;
  network: Network;
  isOver: () => boolean;
  onCalm: () => void;
}

/** Faults that need no occasion: they come at any time, until calm comes. */
export class Chaos {
  readonly #world: World;
  readonly #victims: Victims;
  readonly #chance: Random;

  constructor(world: World, victims: Victims) {
    this.#world = world;
    this.#chance = world.random.stream("chaos");
    this.#victims = victims;
  }

  begin(): void {
    const { calmAfter } = this.#world.faults;
    this.#world.schedule(calmAfter, this.#world.nowhere, "calm comes", () => this.#calm());
    this.#world.schedule(1, this.#world.nowhere, "chaos", () => this.#turn());
  }

  #calm(): void {
    this.#world.faults.stop();
    this.#victims.network.heal();
    for (const isolate of this.#victims.queue.isolates) {
      isolate.stalledUntil = 0;
      isolate.lastStall = Math.min(isolate.lastStall, this.#world.now);
    }
    this.#victims.onCalm();
  }

  #turn(): void {
    const { faults, random } = this.#world;
    const { leaseMs, isOver } = this.#victims;
    if (!faults.on) {
      return;
    }
    this.#strike();
    const pause = isOver() ? 5_000 : random.small(1, 2 * leaseMs);
    this.#world.schedule(pause, this.#world.nowhere, "chaos", () => this.#turn());
  }

  #strike(): void {
    const { faults } = this.#world;
    const { queue, network, leaseMs } = this.#victims;
    const hosts = this.#victims.hosts();
    const host = this.#chance.pick(hosts);
    const later = (what: string, machine: Machine, work: () => void): void =>
      void this.#world.schedule(0, machine, what, work);
    const { living } = queue;
    if (living.length > 0 && faults.strikes("killed_any_time")) {
      faults.random("killed_any_time").pick(living).kill("killed at any time");
    }
    if (living.length > 0 && faults.strikes("stalled")) {
      const random = faults.random("stalled");
      random.pick(living).stall(random.small(10, 6 * leaseMs));
    }
    if (living.length > 0 && faults.strikes("consumer_clock_jumps")) {
      const random = faults.random("consumer_clock_jumps");
      random.pick(living).jumpClock(random.between(-5_000, 5_000));
    }
    if (faults.strikes("object_clock_jumps")) {
      const random = faults.random("object_clock_jumps");
      later("its clock jumps", host, () => host.jumpClock(random.between(-10 * leaseMs, 10 * leaseMs)));
    }
    if (faults.strikes("evicted_idle")) {
      later("is evicted", host, () => host.evict(faults.random("evicted_idle").chance(0.6)));
    }
    const [socket] = host.sockets;
    if (socket !== undefined && faults.strikes("socket_dropped")) {
      host.breakSocket(socket);
    }
    if (faults.strikes("stray_message")) {
      queue.send({
        execution_id: host.executionId,
        pool: faults.random("stray_message").pick(["io", "io", "cpu", "memory"] as const),
      });
    }
    if (faults.strikes("partition")) {
      network.part(faults.random("partition").small(100, 10_000));
    }
    if (faults.strikes("restart")) {
      queue.restart();
      for (const each of hosts) {
        later("is killed", each, () => each.die("restart of everything"));
      }
    }
  }
}
