import { describe, expect, it } from "vitest";
import { Release } from "./release.ts";

function host() {
  const timers: (() => void)[] = [];
  const state = { synced: 0, aborted: 0, watched: false };
  return {
    state,
    /** Lets the time pass for which it waits. */
    async pass(): Promise<void> {
      timers.splice(0).forEach((work) => work());
      await new Promise((resolve) => setImmediate(resolve));
    },
    get waits(): boolean {
      return timers.length > 0;
    },
    host: {
      sync: async () => void (state.synced += 1),
      abort: () => void (state.aborted += 1),
      watched: () => state.watched,
      after: (_ms: number, work: () => void) => void timers.push(work),
    },
  };
}

const always = (): boolean => true;

describe("an object that has nothing left to do", () => {
  it("leaves the memory once it is quiet, and everything is kept", async () => {
    const at = host();
    const release = new Release(at.host);
    release.called();
    release.whenQuiet(500, always);
    expect(at.state).toMatchObject({ synced: 0, aborted: 0 });
    await at.pass();
    expect(at.state).toMatchObject({ synced: 1, aborted: 1 });
    expect(at.waits).toBe(false);
  });

  it("stays while somebody calls", async () => {
    const at = host();
    const release = new Release(at.host);
    release.whenQuiet(500, always);
    release.whenQuiet(500, always);
    release.called();
    await at.pass();
    expect(at.state.aborted).toBe(0);
    await at.pass();
    expect(at.state.aborted).toBe(1);
  });

  it("has no timer while somebody is connected, which would keep it from hibernating, and leaves when they are gone", async () => {
    const at = host();
    const release = new Release(at.host);
    at.state.watched = true;
    release.whenQuiet(500, always);
    await at.pass();
    expect([at.state.aborted, at.waits]).toEqual([0, false]);
    at.state.watched = false;
    release.whenQuiet(500, always);
    await at.pass();
    expect(at.state.aborted).toBe(1);
  });

  it("stays until what is under way is done", async () => {
    const at = host();
    const release = new Release(at.host);
    const done = release.busy();
    let answer: (() => void) | undefined;
    const call = release.during(new Promise<void>((resolve) => (answer = resolve)));
    release.whenQuiet(500, always);
    done();
    done();
    await at.pass();
    expect(at.state.aborted).toBe(0);
    answer?.();
    await call;
    await at.pass();
    expect(at.state.aborted).toBe(1);
  });

  it("stays when there is something to do again, and leaves when that is done", async () => {
    const at = host();
    const release = new Release(at.host);
    let sleeps = true;
    release.whenQuiet(500, () => sleeps);
    sleeps = false;
    await at.pass();
    expect([at.state.aborted, at.waits]).toEqual([0, false]);
    release.whenQuiet(500, () => sleeps);
    expect(at.waits).toBe(false);
    sleeps = true;
    release.whenQuiet(500, () => sleeps);
    await at.pass();
    expect(at.state.aborted).toBe(1);
  });

  it("stays for as long as the runtime likes when no time is given", () => {
    const at = host();
    new Release(at.host).whenQuiet(null, always);
    expect(at.waits).toBe(false);
  });
});
