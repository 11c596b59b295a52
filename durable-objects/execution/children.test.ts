import { describe, expect, it } from "vitest";
import { Children } from "./children.ts";
import { plan, TestRun } from "./core/plan.testkit.ts";
import type { Effects } from "./effects.ts";

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
    const children = new Children(effects, run.state, async () => undefined);
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
    const children = new Children(effects, run.state, async () => undefined);
    expect(await children.settle()).toBe(true);
    expect(calls).toEqual([a]);
  });
});
