import { runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BlockContext } from "#blocks/define-block.ts";
import { testBlock } from "#blocks/test-block.testkit.ts";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { ExecutionView, NodeExecutionView } from "#durable-objects/execution/protocol.ts";
import type { BlockEffects } from "#graph/catalog/block-descriptor.ts";
import { isolatedObject, nodeExecutionsOf, workSession, WORKSPACE } from "#test/workerd/isolated-object.testkit.ts";
import type { IsolatedObject } from "#test/workerd/isolated-object.testkit.ts";

type Run = (ctx: BlockContext) => AsyncGenerator<unknown, void>;

interface Ran {
  object: IsolatedObject;
  view: ExecutionView;
  node: NodeExecutionView | undefined;
}

const BOTH: BlockEffects[] = ["pure", "idempotent"];

/** A run of one node of such a block, through the real object and the real consumer. */
async function run(block: Run, effects: BlockEffects, timeout_ms = 20_000): Promise<Ran> {
  const object = await isolatedObject();
  const bad = testBlock(({ ctx }) => block(ctx), { effects });
  const of = plan({ a: { effects, timeout_ms } }, []);
  await object.stub.start(
    { execution_id: object.id, workspace_id: WORKSPACE, plan: of, inputs: {}, source: "test" },
    0,
  );
  await workSession(object, { getBlock: () => bad }).run();
  const [node] = await nodeExecutionsOf(object);
  return { object, view: valueOf(await object.stub.view(WORKSPACE)), node };
}

async function untilTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Rejections that nobody waits for. The platform logs them; the tests' own runner would take them for failures. */
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
let runners: NodeJS.UnhandledRejectionListener[] = [];
beforeAll(() => {
  runners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", note);
});
afterAll(() => {
  process.off("unhandledRejection", note);
  for (const runner of runners) {
    process.on("unhandledRejection", runner);
  }
});

describe.each(BOTH)("a block (%s)", (effects) => {
  it("[BI1] that never yields is left at its limit of time", async () => {
    const { view } = await run(
      async function* () {
        await new Promise(() => undefined);
        yield ["out", 1];
      },
      effects,
      50,
    );
    expect(view).toMatchObject({ status: "FAILED", error: { code: "node_timeout", node_id: "a" } });
  });

  it("[BI1] [BI2] that goes on after its time: what it yielded in time stays, the rest is dropped", async () => {
    let goOn = (): void => undefined;
    let yielded = 0;
    const { object, view, node } = await run(
      async function* () {
        yield ["out", "in time"];
        await new Promise<void>((resolve) => (goOn = resolve));
        for (; yielded < 3; yielded += 1) {
          yield ["out", "too late"];
        }
      },
      effects,
      50,
    );
    expect(view).toMatchObject({ status: "FAILED", error: { code: "node_timeout" } });
    expect(node?.output.out).toEqual(["in time"]);
    goOn();
    await untilTurn();
    expect(valueOf(await object.stub.view(WORKSPACE))).toEqual(view);
  });

  it("[BI2] that is no proper generator and gives values after its end", async () => {
    const steps = [
      { done: false, value: ["out", 1] },
      { done: true, value: undefined },
      { done: false, value: ["out", 2] },
    ];
    const { view, node } = await run(
      () =>
        ({
          next: async () => steps.shift(),
          return: async () => ({ done: true, value: undefined }),
        }) as unknown as AsyncGenerator<unknown, void>,
      effects,
    );
    expect([view.status, node?.output.out]).toEqual(["COMPLETED", [1]]);
    expect(steps).toHaveLength(1);
  });

  it("[BI2] that leaves a promise behind which rejects later", async () => {
    unhandled.length = 0;
    let reject: (reason: unknown) => void = () => undefined;
    const { object, view } = await run(async function* () {
      void new Promise((_, no) => (reject = no));
      yield ["out", 1];
    }, effects);
    expect(view.status).toBe("COMPLETED");
    reject(new Error("too late"));
    while (unhandled.length === 0) {
      await untilTurn();
    }
    expect(valueOf(await object.stub.view(WORKSPACE))).toEqual(view);
    expect(
      (
        await run(async function* () {
          yield ["out", "the next one"];
        }, effects)
      ).view.status,
    ).toBe("COMPLETED");
  });

  const odd: [string, () => unknown][] = [
    ["a text", () => "just text"],
    ["null", () => null],
    ["undefined", () => undefined],
    ["a symbol", () => Symbol("odd")],
    ["a number", () => Number.NaN],
    ["a function", () => () => 1],
    ["a frozen object", () => Object.freeze({ code: "__proto__", message: 1 })],
    [
      "an object that contains itself",
      () => {
        const self: Record<string, unknown> = {};
        self["self"] = self;
        return self;
      },
    ],
    [
      "an object that throws when it is turned into text",
      () => ({
        toString: () => {
          throw new Error("no");
        },
        toJSON: () => {
          throw new Error("no");
        },
      }),
    ],
    [
      "an error whose message throws",
      () =>
        Object.defineProperty(new Error("x"), "message", {
          get: () => {
            throw new Error("no");
          },
        }),
    ],
    ["an error whose message is no text", () => Object.assign(new Error("x"), { message: { a: 1 }, code: 7 })],
    [
      "a proxy that throws at everything",
      () => {
        const no = (): never => {
          throw new Error("no");
        };
        return new Proxy({}, { get: no, getPrototypeOf: no, ownKeys: no, has: no, getOwnPropertyDescriptor: no });
      },
    ],
  ];
  it.each(odd)("[BI3] that throws %s fails with a code and a text", async (_name, thrown) => {
    const { view, node } = await run(async function* () {
      yield ["out", "before"];
      throw thrown();
    }, effects);
    expect(view).toMatchObject({ status: "FAILED", error: { code: "block_failed", message: expect.any(String) } });
    expect(node?.output.out).toEqual(["before"]);
  });

  it("[BI3] that throws a message of a million characters: its beginning is kept", async () => {
    const { view } = await run(async function* () {
      yield ["out", "before"];
      throw new Error("x".repeat(1_000_000));
    }, effects);
    expect(view.error?.message.length).toBeLessThanOrEqual(10_000);
  });

  it.each<[string, () => unknown]>([
    ["no pair", () => "out"],
    ["an unknown pin", () => ["__proto__", 1]],
    [
      "a value that throws when it is read",
      () => [
        "out",
        {
          get a() {
            throw new Error("no");
          },
        },
      ],
    ],
    [
      "a pair that throws when it is read",
      () =>
        new Proxy([], {
          get: () => {
            throw new Error("no");
          },
        }),
    ],
    ["a rejected promise", () => Promise.reject(new Error("no"))],
    ["a map", () => ["out", new Map()]],
    ["a bigint", () => ["out", 1n]],
  ])("[BI4] that yields %s fails, and what was before stays", async (_name, yielded) => {
    const { view, node } = await run(async function* () {
      yield ["out", "before"];
      yield yielded();
      yield ["out", "after"];
    }, effects);
    expect(view.status).toBe("FAILED");
    expect(["invalid_output", "block_failed"]).toContain(view.error?.code);
    expect(node?.output.out).toEqual(["before"]);
  });

  it("[BI5] [RP5] that yields a million times is stopped at 100,000", async () => {
    let yielded = 0;
    const { object, view } = await run(async function* () {
      for (; yielded < 1_000_000; yielded += 1) {
        yield ["out", yielded];
      }
    }, effects);
    expect(view).toMatchObject({ status: "FAILED", error: { code: "too_many_outputs", node_id: "a" } });
    expect(yielded).toBeLessThan(100_010);
    // execution_started, node_queued, execution_running, node_started, 100,000 outputs, the error, node_failed, execution_failed
    expect(view.last_seq).toBe(100_007);
    expect(valueOf(await object.stub.events(WORKSPACE, 100_003, 2)).items).toMatchObject([
      { type: "node_output", value: 99_999 },
      { type: "node_output", pin: "error" },
    ]);
  }, 60_000);

  it("[BI6] whose report is larger than a call may be has all of it committed, in order", async () => {
    const value = "x".repeat(100_000);
    const count = 400;
    const { object, view } = await run(async function* () {
      for (let index = 0; index < count; index += 1) {
        yield ["out", `${index} ${value}`];
      }
    }, effects);
    expect(view).toMatchObject({ status: "COMPLETED", error: null });
    const firsts: number[] = [];
    for (let after = 0; ;) {
      const { items } = valueOf(await object.stub.events(WORKSPACE, after, 50));
      for (const event of items) {
        if (event.type === "node_output") {
          firsts.push(Number(/(\d+) x/.exec(JSON.stringify(event.value))?.[1]));
        }
      }
      if (items.length === 0) {
        break;
      }
      after = items.at(-1)?.seq ?? after;
    }
    expect(firsts).toEqual(Array.from({ length: count }, (_, index) => index));
  }, 60_000);
});

describe("a consumer that the platform stops", () => {
  it("[BI8] [LS6] again and again ends as a failure with a code", async () => {
    const object = await isolatedObject();
    const of = plan({ a: { effects: "idempotent" } }, []);
    await object.stub.start(
      { execution_id: object.id, workspace_id: WORKSPACE, plan: of, inputs: {}, source: "test" },
      0,
    );
    // A thread that is blocked or killed gives no sign of life: that is all that the object can see of it.
    const now = Date.now;
    let skew = 0;
    Date.now = () => now() + skew;
    try {
      const request = { consumer: "blocked", pool: "io", max: 5 } as const;
      for (let lost = 0; lost < 5; lost += 1) {
        expect((await object.stub.lease(request)).leases).toHaveLength(1);
        skew += 60_000;
        await runInDurableObject(object.inside, (instance) => instance.alarm());
      }
    } finally {
      Date.now = now;
    }
    expect(valueOf(await object.stub.view(WORKSPACE))).toMatchObject({
      status: "FAILED",
      error: { code: "attempts_exhausted", node_id: "a" },
    });
  });
});
