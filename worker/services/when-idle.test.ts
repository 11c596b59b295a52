import { describe, expect, it } from "vitest";
import { HandClock } from "#worker/consumers/hand-clock.testkit.ts";
import { whenIdleSoon } from "./when-idle.ts";

function begin(): { clock: HandClock; done: number[]; callOff: () => void } {
  const clock = new HandClock();
  const done: number[] = [];
  return { clock, done, callOff: whenIdleSoon(clock, () => done.push(clock.time)) };
}

describe("what is done when there is time", () => {
  it("is done once, in a moment", () => {
    const { clock, done } = begin();
    clock.pass(9);
    expect(done).toEqual([]);
    clock.pass(1_000);
    expect(done).toEqual([10]);
  });

  it("is left out when the thread comes to it late", () => {
    const { clock, done } = begin();
    clock.ahead += 4;
    clock.pass(1_000);
    expect(done).toEqual([]);
  });

  it("can be called off", () => {
    const { clock, done, callOff } = begin();
    callOff();
    clock.pass(1_000);
    expect(done).toEqual([]);
  });
});
