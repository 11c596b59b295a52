import { describe, expect, it } from "vitest";
import type { PlanNode } from "#graph/plan/plan.ts";
import { plan, TestRun } from "./core/plan.testkit.ts";
import type { Effects } from "./effects.ts";
import { Place } from "./place.ts";
import { isIdle, LONG_BACKOFF_MS } from "./view.ts";

const RETRIED: Partial<PlanNode> = {
  effects: "idempotent",
  retry: { max_attempts: 5, backoff_ms: 0, max_backoff_ms: 0 },
};
const wait = { kind: "timer", until: null, state: null, payload: null } as const;

describe("a run of which nothing goes on", () => {
  const idle = (run: TestRun): boolean => isIdle(run.state, run.now);

  it("[WA6] is one in which everything left waits", () => {
    const run = new TestRun(plan({ a: {}, b: {} }, []));
    const { a = "", b = "" } = run.lease();
    expect(idle(run)).toBe(false);
    run.report(a, { end: { status: "waiting", durationMs: 1, usage: undefined, wait } });
    expect(idle(run)).toBe(false);
    run.completes(b);
    expect(idle(run)).toBe(true);
  });

  it("[WA6] is one that waits for another attempt, if the pause is long", () => {
    const run = new TestRun(plan({ a: RETRIED, b: RETRIED }, []));
    const { a = "", b = "" } = run.lease();
    run.fails(a, { retryAfterMs: 2 * LONG_BACKOFF_MS });
    expect(idle(run)).toBe(false);
    run.fails(b, { retryAfterMs: LONG_BACKOFF_MS });
    expect(idle(run)).toBe(true);
    run.now += 1;
    expect(idle(run)).toBe(false);
    run.now += 2 * LONG_BACKOFF_MS;
    expect(Object.keys(run.lease())).toEqual(["a", "b"]);
    expect(idle(run)).toBe(false);
  });

  it("[WA6] is a paused one, as soon as what ran has ended", () => {
    const run = new TestRun(plan({ a: { effects: "idempotent" }, b: { effects: "idempotent" } }, []));
    const { a = "" } = run.lease(1);
    run.do({ type: "pause" });
    expect(idle(run)).toBe(false);
    run.completes(a);
    expect(idle(run)).toBe(true);
    run.do({ type: "unpause" });
    expect(idle(run)).toBe(false);
  });

  it("is none that has ended", () => {
    const run = new TestRun(plan({ a: {} }, []));
    run.do({ type: "pause" });
    run.do({ type: "cancel", reason: "enough" });
    expect(idle(run)).toBe(false);
  });
});

describe("a run's word to its workspace", () => {
  /** Words as they arrive; a word is answered with the next `answer`. */
  function line() {
    const said: string[] = [];
    const answers: (() => void)[] = [];
    const say = (word: string): Promise<void> => {
      said.push(word);
      return new Promise((resolve) => answers.push(resolve));
    };
    const effects = {
      background: (_what: string, work: Promise<unknown>) => void work.catch(() => undefined),
      workspace: () => ({
        release: (_ids: string[], why: string) => say(why),
        reacquire: async () => {
          await say("reacquire");
          return { kind: "admitted" };
        },
      }),
    } as unknown as Effects;
    const settle = async (): Promise<string[]> => {
      for (let turn = 0; turn < 10; turn += 1) {
        await Promise.resolve();
      }
      return said.splice(0);
    };
    return { effects, settle, answer: () => answers.shift()?.() };
  }
  const ticket = { execution_id: "x", workspace_id: "w", graph_id: "g", flow: null, keys: {} };

  it("[WA6] is one thing after the other, each once", async () => {
    const { effects, settle, answer } = line();
    const place = new Place(effects, ticket, false);
    place.follow(false);
    expect(await settle()).toEqual([]);
    place.follow(true);
    place.follow(true);
    place.follow(false);
    const back = place.giveBack();
    expect(await settle()).toEqual(["waiting"]);
    answer();
    expect(await settle()).toEqual(["reacquire"]);
    answer();
    expect(await settle()).toEqual(["ended"]);
    answer();
    await back;
    expect(place.returned).toBe(true);
  });

  it("[WA6] takes a place again after a restart in between, and says that it rests when nobody has said so in this life", async () => {
    const { effects, settle, answer } = line();
    const rested = new Place(effects, ticket, true);
    rested.follow(false);
    expect(await settle()).toEqual(["reacquire"]);
    answer();
    const rests = new Place(effects, ticket, true);
    rests.follow(true);
    rests.follow(true);
    expect(await settle()).toEqual(["waiting"]);
  });

  it("[WA7] is repeated when the workspace still takes it to have a place, and only then", async () => {
    const { effects, settle, answer } = line();
    const place = new Place(effects, ticket, false);
    place.remind(false);
    expect(await settle()).toEqual([]);
    place.follow(true);
    expect(await settle()).toEqual(["waiting"]);
    answer();
    place.remind(true);
    expect(await settle()).toEqual(["waiting"]);
  });
});
