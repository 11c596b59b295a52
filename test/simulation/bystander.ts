import type { Caller } from "./network.ts";
import type { Timer, World } from "./world.ts";

/** Who looks in vain looks less and less often, but never more rarely than this. */
export const RARELY_MS = 180_000;

/** A caller outside of the platform: nothing kills it, and its clock is true time. */
export abstract class Bystander implements Caller {
  readonly name: string;
  readonly mortal = false;
  readonly up = true;
  readonly stalledUntil = 0;
  protected readonly world: World;

  constructor(name: string, world: World) {
    this.name = name;
    this.world = world;
  }

  now(): number {
    return this.world.now;
  }

  setTimer(ms: number, work: () => void): Timer {
    return this.world.schedule(ms, this, "timer", work);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimer(ms, resolve));
  }
}
