import { describe, expect, it } from "vitest";
import type { BlockPool } from "#graph/catalog/block-descriptor.ts";
import type { Plan, PlanNode } from "#graph/plan/plan.ts";
import { plan, TestRun } from "./core/plan.testkit.ts";
import type { Decision } from "./core/decide.ts";
import type { Effects } from "./effects.ts";
import type { ExecutionSummary } from "./protocol.ts";
import { MOST_CONSUMERS } from "./pool-consumers.ts";
import { Runner } from "./runner.ts";

const IO_SLOTS = 5;

/** A run in which so many effectful nodes are ready at once, with its runner; `queue` is what it has put there. */
class FanOut {
  readonly queue: BlockPool[] = [];
  readonly run: TestRun;
  readonly #runner: Runner;

  constructor(width: number, node: Partial<PlanNode> = {}, extra: Partial<Plan> = {}) {
    const nodes = Array.from(
      { length: width },
      (_, index) => [`n${index}`, { effects: "idempotent", ...node }] as const,
    );
    this.run = new TestRun(plan(Object.fromEntries(nodes), [], extra));
    const effects = {
      now: () => 0,
      setAlarm: () => undefined,
      later: () => () => undefined,
      background: () => undefined,
      announce: async (pool: BlockPool, count: number) => {
        this.queue.push(...Array.from({ length: count }, () => pool));
      },
    } as unknown as Effects;
    this.#runner = new Runner(effects, { leaseMs: 30_000, ioSlots: IO_SLOTS, waitedFor: false });
    this.#after({ events: [], leased: [], refused: [], accepted: true, childOutputs: -1 });
  }

  /** A consumer takes the oldest message, and work; answers the node executions that it has. */
  come(consumer: string): string[] {
    const pool = this.queue.shift() ?? "io";
    this.#runner.consumerCame(pool);
    return this.#lease(consumer, pool);
  }

  /** A consumer reports all it has as done, and goes. */
  leave(has: readonly string[]): void {
    for (const ne of has) {
      this.#after(this.run.completes(ne));
    }
  }

  /** It reports one, and takes another one instead. */
  goOn(consumer: string, done: string): string[] {
    this.#after(this.run.completes(done));
    return this.#lease(consumer, "io", 1);
  }

  alarm(): void {
    this.#runner.alarmRang();
    this.#after(this.run.do({ type: "tick" }));
  }

  #lease(consumer: string, pool: BlockPool, max = IO_SLOTS): string[] {
    const decision = this.run.do({ type: "lease", pool, max });
    for (const execution of decision.leased) {
      execution.consumer = consumer;
    }
    this.#after(decision);
    return decision.leased.map(({ id }) => id);
  }

  #after(decision: Decision): void {
    this.#runner.after({ ...decision, batch: null }, this.run.state, () => ({}) as ExecutionSummary, null);
  }
}

describe("a run that has much to do at once", () => {
  it.each(["io", "cpu", "memory"] as const)(
    "[AL5] puts no more than its share before others in the queue: %s",
    (pool) => {
      const large = new FanOut(1_000, { pool });
      expect(large.queue).toEqual(Array.from({ length: MOST_CONSUMERS[pool] }, () => pool));
    },
  );

  it("[AL5] has no more consumers than its share, and calls others as those go, until all is done", () => {
    const large = new FanOut(1_000);
    const working = new Map<string, string[]>();
    let most = 0;
    for (let turn = 0; large.run.state.status !== "COMPLETED"; turn += 1) {
      while (large.queue.length > 0) {
        working.set(`c${turn}.${working.size}`, large.come(`c${turn}.${working.size}`));
        expect(large.queue.length + working.size).toBeLessThanOrEqual(MOST_CONSUMERS.io);
      }
      most = Math.max(most, working.size);
      const [first] = working;
      expect(first).toBeDefined();
      const [name, has] = first ?? ["", []];
      working.delete(name);
      large.leave(has);
    }
    expect(most).toBe(MOST_CONSUMERS.io);
  });

  it("[AL5] is worked through by the consumers that it has, without further messages", () => {
    const large = new FanOut(400);
    const consumers = Array.from({ length: MOST_CONSUMERS.io }, (_, index) => large.come(`c${index}`));
    expect(large.queue).toEqual([]);
    const [mine = []] = consumers;
    for (let next = mine; next.length > 0 && large.run.state.ready.io.effectful.length > 0;) {
      next = large.goOn("c0", next[0] ?? "");
    }
    expect(large.queue).toEqual([]);
    expect(large.run.state.ready.io.effectful.length).toBe(0);
  });

  it("[AL5] [AL3] asks with one message after an alarm, and with the rest when somebody comes", () => {
    const large = new FanOut(1_000);
    large.queue.length = 0;
    for (let ring = 1; ring <= 3; ring += 1) {
      large.alarm();
      expect(large.queue).toHaveLength(ring);
    }
    large.queue.length = 1;
    large.come("c");
    expect(large.queue.length).toBeGreaterThan(40);
    expect(large.queue.length).toBeLessThan(MOST_CONSUMERS.io);
  });

  it("asks for as many consumers as it can use, if those are few", () => {
    expect(new FanOut(12).queue).toHaveLength(3);
    expect(new FanOut(12, { effects: "pure" }).queue).toHaveLength(1);
  });

  it("[WP5] asks for fewer where one has time for more, but never for more than run side by side in one", () => {
    expect(new FanOut(120, {}, { per_message: 50 }).queue).toHaveLength(3);
    expect(new FanOut(12, {}, { per_message: 2 }).queue).toHaveLength(3);
  });
});
