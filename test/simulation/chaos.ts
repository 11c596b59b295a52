import type { Network } from "./network.ts";
import type { ObjectHost } from "./object-host.ts";
import type { WorkQueue } from "./work-queue.ts";
import type { Machine, World } from "./world.ts";

interface Victims {
  host: ObjectHost;
  queue: WorkQueue;
  network: Network;
  isOver: () => boolean;
  onCalm: () => void;
}

/** Faults that need no occasion: they come at any time, until calm comes. */
export class Chaos {
  readonly #world: World;
  readonly #victims: Victims;

  constructor(world: World, victims: Victims) {
    this.#world = world;
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
    const { host, isOver } = this.#victims;
    if (!faults.on) {
      return;
    }
    this.#strike();
    const pause = isOver() ? 5_000 : random.small(1, 2 * host.leaseMs);
    this.#world.schedule(pause, this.#world.nowhere, "chaos", () => this.#turn());
  }

  #strike(): void {
    const { faults } = this.#world;
    const { host, queue, network } = this.#victims;
    const { leaseMs } = host;
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
        execution_id: "x",
        pool: faults.random("stray_message").pick(["io", "io", "cpu", "memory"] as const),
      });
    }
    if (faults.strikes("partition")) {
      network.part(faults.random("partition").small(100, 10_000));
    }
    if (faults.strikes("restart")) {
      queue.restart();
      later("is killed", host, () => host.die("restart of everything"));
    }
  }
}
