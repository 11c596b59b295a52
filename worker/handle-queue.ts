import { handleProjectionBatch } from "#worker/consumers/projection-consumer.ts";
import { handleWorkBatch } from "#worker/consumers/work-consumer.ts";
import type { Env } from "./env.ts";

/** Hands a batch to the consumer of its queue. The names are those of wrangler.toml, also with an environment's suffix. */
export async function handleQueue(batch: MessageBatch<unknown>, env: Env): Promise<void> {
  if (batch.queue.startsWith("weft-work")) {
    await handleWorkBatch(batch, env);
  } else if (batch.queue.startsWith("weft-projection")) {
    await handleProjectionBatch(batch, env);
  } else {
    throw new Error(`No consumer for the queue ${batch.queue}.`);
  }
}
