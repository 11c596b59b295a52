import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HandClock } from "./hand-clock.testkit.ts";
import { withOneTimer } from "./one-timer.ts";

describe("one timer for many appointments", () => {
  it("is made once for those that come in order, and gone when all are called off", () => {
    const hand = new HandClock();
    const clock = withOneTimer(hand);
    const callOffs = Array.from({ length: 20 }, (_, i) => clock.after(1_000 + i, () => undefined));
    expect([hand.made, hand.timers.size]).toEqual([1, 1]);
    callOffs.forEach((callOff) => callOff());
    expect(hand.timers.size).toBe(0);
  });

  it("rings each when its time has come, however they were made and called off", () => {
    const plan = fc.array(
      fc.record({ wait: fc.nat(50), ms: fc.nat(200), calledOffAfter: fc.option(fc.nat(200), { nil: undefined }) }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(plan, (appointments) => {
        const hand = new HandClock();
        const clock = withOneTimer(hand);
        const rung: [index: number, at: number][] = [];
        const expected: [index: number, at: number][] = [];
        for (const [index, { wait, ms, calledOffAfter }] of appointments.entries()) {
          hand.pass(wait);
          const due = hand.time + ms;
          const callOff = clock.after(ms, () => rung.push([index, hand.time]));
          if (calledOffAfter === undefined || calledOffAfter > ms) {
            expected.push([index, due]);
          }
          if (calledOffAfter !== undefined && calledOffAfter !== ms) {
            hand.after(calledOffAfter, callOff);
          } else if (calledOffAfter === ms) {
            expected.push([index, due]);
          }
        }
        hand.pass(1_000);
        expect(rung.toSorted((a, b) => a[0] - b[0])).toEqual(expected);
        expect(hand.timers.size).toBe(0);
      }),
    );
  });

  it("lets one call another off, and be made by one", () => {
    const hand = new HandClock();
    const clock = withOneTimer(hand);
    const rung: string[] = [];
    let callOff = (): void => undefined;
    clock.after(10, () => {
      rung.push("first");
      callOff();
      clock.after(5, () => rung.push("third"));
    });
    callOff = clock.after(10, () => rung.push("never"));
    hand.pass(20);
    expect(rung).toEqual(["first", "third"]);
  });

  it.each([-3_600_000, 3_600_000])("keeps to durations when the clock is set by %i ms", (jump) => {
    const hand = new HandClock();
    const clock = withOneTimer(hand);
    const rung: number[] = [];
    clock.after(100, () => rung.push(hand.time));
    clock.after(5_000, () => rung.push(hand.time));
    hand.pass(50);
    hand.ahead += jump;
    hand.pass(10_000);
    expect(rung).toEqual([100, 5_000]);
  });
});
