import { describe, expect, it } from "vitest";
import type { Block } from "#blocks/define-block.ts";
import { testBlock } from "#blocks/test-block.testkit.ts";
import { testContext } from "#blocks/test-context.testkit.ts";
import type { Input } from "#durable-objects/execution/core/decide.ts";
import { plan, TestRun } from "#durable-objects/execution/core/plan.testkit.ts";
import type { LeaseRequest, WorkAnswer } from "#durable-objects/execution/protocol.ts";
import { syncFor } from "#durable-objects/execution/sync.ts";
import { toLease, toReport } from "#durable-objects/execution/wire.ts";
import { isTerminal } from "#graph/run/status.ts";
import { systemClock } from "./clock.ts";
import type { SessionDeps } from "./session-deps.ts";
import { WorkSession } from "./work-session.ts";

const SLOTS = 3;

/** A run's object: the rules, and nothing that is stored. */
function objectOf(run: TestRun): SessionDeps["object"] {
  const of = { executionId: "x", plan: run.state.plan };
  const answer = (input: Input): WorkAnswer => {
    const { leased, refused } = run.do(input);
    return {
      workspace_id: "w",
      graph_id: "g",
      graph_version: 1,
      leases: leased.map((execution) => toLease(of, execution, execution.attempt)),
      seq: run.state.lastSeq,
      sync: null,
      refused,
      deadline: systemClock.now() + 30_000,
      ended: isTerminal(run.state.status),
    };
  };
  return {
    lease: async ({ pool, max }) => answer({ type: "lease", pool, max }),
    report: async (reports, { pool, max }) =>
      answer({ type: "report", reports: reports.map(toReport), pool: max < 0 ? null : pool, max }),
    heartbeat: async (attempts) => answer({ type: "renew", attempts }),
  };
}

function sessionOf(block: Block, object: SessionDeps["object"]): WorkSession {
  const { ctx } = testContext();
  return new WorkSession(
    {
      object,
      getBlock: () => block,
      context: ({ node_id: nodeId }) => ({ ...ctx, run: { ...ctx.run, nodeId } }),
      clock: systemClock,
      consumer: "c",
      slots: SLOTS,
      budgetMs: 60_000,
    },
    { execution_id: "x", pool: "io" },
  );
}

/** A block of which one ends, the oldest, whenever as many run as may; the last ones end together. */
class Crowd {
  readonly #left: Set<string>;
  readonly #running = new Set<string>();
  readonly #endings: (() => void)[] = [];
  /** Most that ran side by side. */
  most = 0;
  readonly block = testBlock(({ ctx }) => this.#run(ctx.run.nodeId), { effects: "idempotent" });

  constructor(nodes: Iterable<string>) {
    this.#left = new Set(nodes);
  }

  async *#run(node: string): AsyncGenerator<["out", string], void, undefined> {
    this.#left.delete(node);
    this.#running.add(node);
    this.most = Math.max(this.most, this.#running.size);
    await new Promise<void>((end) => {
      this.#endings.push(end);
      const ending = this.#left.size === 0 ? this.#endings.length : this.#running.size >= SLOTS ? 1 : 0;
      this.#endings.splice(0, ending).forEach((endOne) => endOne());
    });
    this.#running.delete(node);
    yield ["out", node];
  }
}

describe("a consumer", () => {
  it.each<[what: string, first: Partial<WorkAnswer>, wanted: LeaseRequest["wants"]]>([
    ["goes on from its replica while the object is in step", { continued: true }, undefined],
    ["lets go of its replica when its report came to another state", {}, "state"],
    [
      "lets go of its replica when the object refused a part of its report",
      { continued: true, refused: [{ node_execution_id: "n9", attempt: 1 }] },
      "state",
    ],
  ])("[LC3] %s", async (_what, first, wanted) => {
    const run = new TestRun(plan({ a: { effects: "idempotent" }, b: { effects: "idempotent" } }, []));
    const object = objectOf(run);
    const wants: LeaseRequest["wants"][] = [];
    let endB = (): void => {};
    const firstIsReported = new Promise<void>((resolve) => (endB = resolve));
    const block = testBlock(
      async function* ({ ctx }) {
        if (ctx.run.nodeId === "b") {
          await firstIsReported;
        }
        yield ["out", ctx.run.nodeId];
      },
      { effects: "idempotent" },
    );
    await sessionOf(block, {
      ...object,
      lease: async (request) => {
        const answer = await object.lease(request);
        run.state.running.forEach((execution) => (execution.consumer = request.consumer));
        return { ...answer, sync: structuredClone(syncFor(run.state, request)) };
      },
      report: async (reports, request, from) => {
        wants.push(request.wants);
        const answer = await object.report(reports, request, from);
        endB();
        return wants.length === 1 ? { ...answer, ...first } : answer;
      },
    }).run();
    expect(run.state.status).toBe("COMPLETED");
    expect(wants).toEqual([undefined, wanted]);
  });

  it.each(["once", "idempotent"] as const)(
    "[LS2] never has more %s attempts side by side than it has slots for, and does all that there is to do",
    async (effects) => {
      const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
      const run = new TestRun(plan(Object.fromEntries(names.map((name) => [name, { effects }])), []));
      const crowd = new Crowd(names);
      await sessionOf(crowd.block, objectOf(run)).run();
      expect(crowd.most).toBe(SLOTS);
      expect(run.state.status).toBe("COMPLETED");
      expect(run.types().filter((type) => type === "node_started")).toHaveLength(names.length);
    },
  );
});
