import { describe, expect, it } from "vitest";
import { Children } from "./children.ts";
import type { ChildNews, ChildStanding } from "./core/child.ts";
import { nextAlarm } from "./core/next-alarm.ts";
import { plan, TestRun } from "./core/plan.testkit.ts";
import type { Effects } from "./effects.ts";

const UNHEARD = { news: async () => undefined, doubt: () => undefined };

/** A run one of whose nodes waits for a child, and calls of that child that fail until `answers`. */
function waitingRun() {
  const run = new TestRun(plan({ a: {} }, []));
  const { a = "" } = run.lease();
  const wait = { kind: "child", until: null, state: null, payload: null } as const;
  run.report(a, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
  const calls: string[] = [];
  const line = { answers: false };
  const effects = {
    workspaceId: "w",
    background: (_what: string, work: Promise<unknown>) => void work.catch(() => undefined),
    child: (ne: string) => ({
      cancel: async () => {
        calls.push(ne);
        if (!line.answers) {
          throw new Error("lost");
        }
        return { ok: false, code: "not_found", message: "" };
      },
    }),
  } as unknown as Effects;
  return { run, effects, calls, line, a };
}

describe("children of a run that ends", () => {
  it("[CH4] are told to stop until they answer", async () => {
    const { run, effects, calls, line, a } = waitingRun();
    const children = new Children(effects, run.state, UNHEARD);
    children.follow(run.do({ type: "cancel", reason: "enough" }).events);
    expect(calls).toEqual([a]);
    expect(await children.settle()).toBe(false);
    line.answers = true;
    expect(await children.settle()).toBe(true);
    expect(await children.settle()).toBe(true);
    expect(calls).toEqual([a, a, a]);
  });

  it("[CH4] are told so by an object that was loaded after the end, too", async () => {
    const { run, effects, calls, line, a } = waitingRun();
    run.do({ type: "cancel", reason: "enough" });
    line.answers = true;
    const children = new Children(effects, run.state, UNHEARD);
    expect(await children.settle()).toBe(true);
    expect(calls).toEqual([a]);
  });
});

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The parent of a child that sleeps: time, alarm and the calls between the two are the test's. */
class Sleeper {
  readonly run = new TestRun(plan({ a: {} }, []));
  readonly calls: string[] = [];
  readonly child: Partial<ChildStanding> = { paused: false };
  /** Calls that fail, by method. */
  readonly lost = new Set<string>();
  alarms = 0;
  readonly #children: Children;
  readonly #work = new Set<Promise<unknown>>();
  #soon = Number.POSITIVE_INFINITY;

  constructor() {
    const { a = "" } = this.run.lease();
    const wait = { kind: "child", until: null, state: null, payload: null } as const;
    this.run.report(a, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
    const call = (name: string) => async () => {
      this.calls.push(name);
      if (this.lost.has(name)) {
        throw new Error("lost");
      }
    };
    const effects = {
      workspaceId: "w",
      background: (_what: string, work: Promise<unknown>) => void this.#work.add(work.catch(() => undefined)),
      child: () => ({
        pause: call("pause"),
        unpause: call("unpause"),
        newsFor: async (_workspaceId: string, from: number) => {
          await call("newsFor")();
          return { ok: true, value: { ne: a, firstOutput: from, outputs: [], ...this.child } };
        },
      }),
    } as unknown as Effects;
    this.#children = new Children(effects, this.run.state, {
      news: async (news: ChildNews) => void this.run.do({ type: "child", news }),
      doubt: () => (this.#soon = this.run.now + MINUTE_MS),
    });
  }

  async pause(type: "pause" | "unpause"): Promise<void> {
    this.#children.follow(this.run.do({ type }).events);
    await Promise.all(this.#work);
  }

  /** The alarm rings; answers how long that took, ms. */
  async ring(): Promise<number> {
    const { run } = this;
    const from = run.now;
    run.now = Math.min(this.#soon, nextAlarm(run.state, run.now, run.leaseMs) ?? Number.POSITIVE_INFINITY);
    this.#soon = Number.POSITIVE_INFINITY;
    this.alarms += 1;
    run.do({ type: "tick" });
    this.#children.check(run.state);
    await Promise.all(this.#work);
    return run.now - from;
  }

  async sleep(ms: number): Promise<void> {
    const end = this.run.now + ms;
    while (this.run.now < end) {
      await this.ring();
    }
  }
}

describe("a child that sleeps", () => {
  it("[CH3] [CH4] costs its parent less than 400 alarms and questions a year, and nothing else", async () => {
    const sleeper = new Sleeper();
    await sleeper.sleep(365 * DAY_MS);
    expect(sleeper.alarms).toBeLessThan(400);
    expect(new Set(sleeper.calls)).toEqual(new Set(["newsFor"]));
    expect(sleeper.calls).toHaveLength(sleeper.alarms);
    expect(sleeper.run.types().slice(-1)).toEqual(["node_waiting"]);
  });

  it("[CH3] is asked soon at first", async () => {
    const sleeper = new Sleeper();
    expect([await sleeper.ring(), await sleeper.ring(), await sleeper.ring()]).toEqual([
      MINUTE_MS,
      MINUTE_MS,
      2 * MINUTE_MS,
    ]);
  });

  it("[CH3] is noticed when its end was not heard, within a day", async () => {
    const sleeper = new Sleeper();
    await sleeper.sleep(100 * DAY_MS);
    sleeper.child.end = { status: "completed", durationMs: 1, error: null, usage: {} };
    expect(await sleeper.ring()).toBe(DAY_MS);
    expect(sleeper.run.state.status).toBe("COMPLETED");
  });

  it("[CH3] is asked again within a minute until it has answered", async () => {
    const sleeper = new Sleeper();
    await sleeper.sleep(100 * DAY_MS);
    sleeper.lost.add("newsFor");
    await sleeper.ring();
    expect([await sleeper.ring(), await sleeper.ring()]).toEqual([MINUTE_MS, MINUTE_MS]);
    sleeper.lost.clear();
    await sleeper.ring();
    expect(await sleeper.ring()).toBeGreaterThan(DAY_MS - 10 * MINUTE_MS);
  });

  it("[CH3] [CH4] is paused and let go on as its parent is, though it did not hear it, and is told once", async () => {
    const sleeper = new Sleeper();
    await sleeper.sleep(100 * DAY_MS);
    sleeper.lost.add("pause");
    await sleeper.pause("pause");
    expect(sleeper.calls.pop()).toBe("pause");
    expect(await sleeper.ring()).toBe(MINUTE_MS);
    expect(sleeper.calls.splice(-2)).toEqual(["newsFor", "pause"]);
    sleeper.lost.clear();
    expect(await sleeper.ring()).toBe(MINUTE_MS);
    expect(sleeper.calls.splice(-2)).toEqual(["newsFor", "pause"]);
    sleeper.child.paused = true;
    await sleeper.ring();
    expect(sleeper.calls.splice(-2)).toEqual(["newsFor", "newsFor"]);
  });

  it("[CH4] is told as before when its answer does not say whether it is paused", async () => {
    const sleeper = new Sleeper();
    delete sleeper.child.paused;
    await sleeper.ring();
    expect(sleeper.calls).toEqual(["newsFor", "unpause"]);
  });
});
