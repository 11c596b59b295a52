import { expect, it } from "vitest";
import { plan } from "./core/plan.testkit.ts";
import { createEffects } from "./effects.ts";
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
    hold: () => () => undefined,
    storage: { setAlarm: async () => undefined },
  };
  const effects = createEffects(host, () => env, header);

  await effects.announce("io", 1);
  await effects.announce("cpu", 3);
  await effects.announce("memory", 250);

  expect(sent).toEqual(["WORK_QUEUE_IO: 1 io", "WORK_QUEUE_CPU: 3 cpu", "WORK_QUEUE_MEMORY: 100 memory"]);
});
