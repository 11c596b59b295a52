import { expect, it, vi } from "vitest";
import { plan } from "./core/plan.testkit.ts";
import { inShard, shardOf } from "#graph/run/shard.ts";
import { childExecutionId, createEffects } from "./effects.ts";
import type { ExecutionEnv } from "./env.ts";
import type { RunHeader } from "./store.ts";

it("announces work on the queue of its pool, several hints as one batch of at most 100", async () => {
  const sent: string[] = [];
  const queue = (name: string): object => ({
    send: async (body: { pool: string }) => void sent.push(`${name}: 1 ${body.pool}`),
    sendBatch: async (messages: { body: { pool: string } }[]) =>
      void sent.push(`${name}: ${messages.length} ${messages[0]?.body.pool}`),
  });
  const env = Object.fromEntries(
    ["WORK_QUEUE_IO", "WORK_QUEUE_CPU", "WORK_QUEUE_MEMORY"].map((name) => [name, queue(name)]),
  ) as unknown as ExecutionEnv;
  const header = { execution_id: "e", workspace_id: "w", plan: plan({ a: {} }, []) } as unknown as RunHeader;
  const host = {
    waitUntil: () => undefined,
    busy: () => () => undefined,
    storage: { setAlarm: async () => undefined },
  };
  const effects = createEffects(host, () => env, header);

  await effects.announce("io", 1);
  await effects.announce("cpu", 3);
  await effects.announce("memory", 250);

  expect(sent).toEqual(["WORK_QUEUE_IO: 1 io", "WORK_QUEUE_CPU: 3 cpu", "WORK_QUEUE_MEMORY: 100 memory"]);
});

it("keeps the object in memory until what it sends is sent, well or not, and until what comes later has come or is called off", async () => {
  let busy = 0;
  const host = {
    waitUntil: () => undefined,
    busy: () => {
      busy += 1;
      return () => void (busy -= 1);
    },
    storage: { setAlarm: async () => undefined },
  };
  const header = { execution_id: "e", workspace_id: "w", plan: plan({ a: {} }, []) } as unknown as RunHeader;
  const effects = createEffects(host, () => ({}) as ExecutionEnv, header);

  const sends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  for (const { promise } of sends) effects.background("send", promise);
  expect(busy).toBe(2);
  sends[0]?.resolve();
  sends[1]?.reject(new Error("not sent"));
  await vi.waitFor(() => expect(busy).toBe(0));

  const rang = Promise.withResolvers<void>();
  effects.later(1, rang.resolve);
  const callOff = effects.later(60_000, () => undefined);
  expect(busy).toBe(2);
  await rang.promise;
  expect(busy).toBe(1);
  callOff();
  expect(busy).toBe(0);
});

it("gives the run that a node execution starts always the same id, of the shard of its parent", () => {
  const first = "01a22e5e-d4f4-7311-bdbd-6f7cd2b29fda";
  const third = inShard(first, 3);
  expect([first, third].map((id) => shardOf(childExecutionId(id, "ne-1")))).toEqual([0, 3]);
  expect(childExecutionId(third, "ne-1")).toBe(childExecutionId(third, "ne-1"));
  expect(childExecutionId(third, "ne-1")).not.toBe(childExecutionId(third, "ne-2"));
});
