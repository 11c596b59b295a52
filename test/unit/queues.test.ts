import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";

const { queues } = unstable_readConfig({ config: fileURLToPath(new URL("../../wrangler.toml", import.meta.url)) });
const consumers: { queue: string; max_batch_size?: number }[] = queues.consumers ?? [];

// A batch is one invocation of the Worker: its messages share six connections, one thread and 128 MB, and five blocks of one message use those.
test.each(["weft-work-io", "weft-work-cpu", "weft-work-memory"])("a batch of %s is one message", (queue) => {
  expect(consumers.find((consumer) => consumer.queue === queue)?.max_batch_size).toBe(1);
});
