import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Block } from "#blocks/define-block.ts";
import { anyValue } from "#blocks/pin-types.ts";
import { testBlock } from "#blocks/test-block.testkit.ts";
import { plan } from "#durable-objects/execution/core/plan.testkit.ts";
import { valueOf } from "#durable-objects/execution/outcome.testkit.ts";
import type { BlockEffects } from "#graph/catalog/block-descriptor.ts";
import type { SessionDeps } from "#worker/consumers/session-deps.ts";
import { testEnv } from "#test/workerd/api-client.ts";
import {
  isolate,
  isolatedObject,
  nodeExecutionsOf,
  workSession,
  WORKSPACE,
} from "#test/workerd/isolated-object.testkit.ts";
import type { IsolatedObject } from "#test/workerd/isolated-object.testkit.ts";
import { RunValues } from "./run-values.ts";
import { FakeBucket } from "./value-bucket.testkit.ts";
import { valueKey, ValueStore } from "./value-store.ts";

const real = Date.now;
afterEach(() => {
  Date.now = real;
});

/** Counts its runs, and gives a large text. */
function writer(effects: BlockEffects): { block: Block; runs: () => number } {
  let runs = 0;
  const block = testBlock(
    async function* () {
      runs += 1;
      yield ["out", "small"];
      yield ["out", "x".repeat(300_000)];
    },
    { effects, input: z.object({ in: anyValue().optional() }) },
  );
  return { block, runs: () => runs };
}

interface Scene {
  object: IsolatedObject;
  bucket: FakeBucket;
  work: () => Promise<unknown>;
}

async function scene(effects: BlockEffects, block: Block, nodes = ["a"], links: string[] = []): Promise<Scene> {
  const object = await isolatedObject();
  const bucket = new FakeBucket();
  const of = plan(Object.fromEntries(nodes.map((id) => [id, { effects }])), links);
  const request = { execution_id: object.id, workspace_id: WORKSPACE, plan: of, inputs: {}, source: "test" };
  await object.stub.start(request, 0);
  const values: SessionDeps["values"] = (workspaceId) =>
    new RunValues(new ValueStore(bucket.asBucket(), []), { workspaceId, executionId: object.id });
  return { object, bucket, work: () => workSession(object, { getBlock: () => block, values }).run() };
}

/** Until every lease has ended and is handed out again. */
async function later({ object }: Scene): Promise<void> {
  const skewed = Date.now() + 3_600_000;
  Date.now = () => skewed;
  await isolate(object);
  await runDurableObjectAlarm(object.inside);
}

describe("[BV6] a storage that does not answer", () => {
  it.each(["pure", "idempotent"] as const)(
    "keeps a %s node from ending, not from ending well later",
    async (effects) => {
      const { block, runs } = writer(effects);
      const world = await scene(effects, block);
      world.bucket.failing = Number.MAX_SAFE_INTEGER;
      await world.work();
      expect(valueOf(await world.object.stub.view(WORKSPACE)).status).toBe("RUNNING");
      expect(runs()).toBe(1);
      await later(world);
      world.bucket.failing = 0;
      await world.work();
      const view = valueOf(await world.object.stub.view(WORKSPACE));
      expect([view.status, runs()]).toEqual(["COMPLETED", 2]);
      const [node] = await nodeExecutionsOf(world.object);
      expect(node?.output.out).toMatchObject(["small", { $value: { size: 300_002 } }]);
      expect(world.bucket.objects.size).toBe(1);
    },
  );

  it("leaves a once node, whose effect is there, to a person", async () => {
    const { block, runs } = writer("once");
    const world = await scene("once", block);
    world.bucket.failing = Number.MAX_SAFE_INTEGER;
    await world.work();
    await later(world);
    world.bucket.failing = 0;
    await world.work();
    const view = valueOf(await world.object.stub.view(WORKSPACE));
    expect([view.status, view.error?.code, runs()]).toEqual(["FAILED", "outcome_unknown", 1]);
  });

  it("fails a once node that has not begun, so that its policy may repeat it", async () => {
    const { block, runs } = writer("once");
    const world = await scene("once", block, ["a", "b"], ["a.out -> b.in"]);
    const stop = world.bucket.asBucket();
    const store = new ValueStore({ ...stop, get: () => Promise.reject(new Error("away")) } as never, []);
    const session = workSession(world.object, {
      getBlock: () => block,
      values: (workspaceId) => new UncachedValues(store, { workspaceId, executionId: world.object.id }),
    });
    await session.run();
    const nodes = await nodeExecutionsOf(world.object);
    expect(nodes.find(({ node_id, input }) => node_id === "b" && input.in !== "small")).toMatchObject({
      status: "FAILED",
      error: { code: "storage_unavailable" },
    });
    expect(runs()).toBe(2);
  });
});

/** Reads from the storage, not from what the isolate has of it. */
class UncachedValues extends RunValues {
  readonly #store: ValueStore;
  constructor(store: ValueStore, owner: ConstructorParameters<typeof RunValues>[1]) {
    super(store, owner);
    this.#store = store;
  }
  override async open<T extends Parameters<RunValues["open"]>[0]>(value: T): Promise<T> {
    await this.#store.get({ workspaceId: "nobody", executionId: "nothing" }, "0".repeat(64));
    return value;
  }
}

describe("[BV9] a run that is deleted while a consumer works for it", () => {
  it("leaves no values behind", async () => {
    const owner = { workspaceId: WORKSPACE, executionId: crypto.randomUUID() };
    const object = await isolatedObject(owner.executionId);
    const of = plan({ a: { effects: "idempotent" } }, []);
    const request = { execution_id: object.id, workspace_id: WORKSPACE, plan: of, inputs: {}, source: "test" };
    await object.stub.start(request, 0);
    const { block } = writer("idempotent");
    const deleting: Block = {
      ...block,
      async *run() {
        await object.stub.remove(WORKSPACE);
        yield ["out", "y".repeat(300_000)] as never;
      },
    };
    await workSession(object, { getBlock: () => deleting }).run();
    expect((await testEnv.FILES.list({ prefix: valueKey(owner, "") })).objects).toEqual([]);
  });
});

describe("[BV13] a run of many values that are not large", () => {
  it("stores them when its log has become long, so that the log and what is shown of it stay bounded", async () => {
    const object = await isolatedObject();
    const names = Array.from({ length: 200 }, (_, index) => `node${index}`);
    const of = plan(Object.fromEntries(names.map((id) => [id, { effects: "idempotent" as const }])), []);
    const request = { execution_id: object.id, workspace_id: WORKSPACE, plan: of, inputs: {}, source: "test" };
    await object.stub.start(request, 0);
    const { block } = writer("idempotent");
    const many: Block = {
      ...block,
      async *run({ ctx }: Parameters<Block["run"]>[0]) {
        yield ["out", ctx.run.nodeId.padEnd(200_000, ".")] as never;
      },
    };
    await workSession(object, { getBlock: () => many }).run();
    expect(valueOf(await object.stub.view(WORKSPACE)).status).toBe("COMPLETED");
    const length = await runInDurableObject(object.inside, (_, state) =>
      Number(state.storage.sql.exec("SELECT sum(length(data)) AS n FROM log").one().n),
    );
    expect(length).toBeGreaterThan(8_000_000);
    expect(length).toBeLessThan(12_000_000);
    const outputs = (await nodeExecutionsOf(object)).map(({ output }) => output.out?.[0]);
    const stored = outputs.filter((value) => typeof value !== "string");
    expect([outputs.length, stored.length > 100]).toEqual([200, true]);
  });
});
