import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { MOST_CONSUMERS, POOL_CONSUMERS } from "#durable-objects/execution/pool-consumers.ts";

const { queues } = unstable_readConfig({ config: fileURLToPath(new URL("../../wrangler.toml", import.meta.url)) });
const consumers: { queue: string; max_batch_size?: number; max_concurrency?: number | null }[] = queues.consumers ?? [];

// A batch is one invocation of the Worker: its messages share six connections, one thread and 128 MB, and five blocks of one message use those.
test.each(["weft-work-io", "weft-work-cpu", "weft-work-memory"])("a batch of %s is one message", (queue) => {
  expect(consumers.find((consumer) => consumer.queue === queue)?.max_batch_size).toBe(1);
});

test.each(["io", "cpu", "memory"] as const)(
  "[AL5] weft-work-%s has the consumers that the code counts on, a run a fifth of them",
  (pool) => {
    const most = consumers.find(({ queue }) => queue === `weft-work-${pool}`)?.max_concurrency;
    expect(POOL_CONSUMERS[pool]).toBe(most);
    expect(MOST_CONSUMERS[pool]).toBe(Number(most) / 5);
  },
);
