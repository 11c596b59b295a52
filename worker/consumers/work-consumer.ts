import * as z from "zod";
import type { WorkMessage } from "#durable-objects/execution/protocol.ts";
import { log } from "#durable-objects/logger.ts";
import type { Env } from "../env.ts";
import { workOn } from "./work-on.ts";

const workMessageSchema = z.object({ execution_id: z.string().min(1), pool: z.enum(["io", "cpu", "memory"]) });

/**
 * Work messages. In `await` mode the batch is the work's home (Cloudflare: consumers scale out); in `detach` mode the work is handed over and the
 * batch is free at once (embedded runtime). Acknowledging early is safe: a message is a hint, leases are the truth.
 */
export async function handleWorkBatch(batch: MessageBatch, env: Env): Promise<void> {
  const messages: WorkMessage[] = [];
  for (const { body, id } of batch.messages) {
    const parsed = workMessageSchema.safeParse(body);
    if (parsed.success) {
      messages.push(parsed.data);
    } else {
      log("error", "a work message was not understood and is dropped", { message_id: id });
    }
  }
  if (env.WEFT_CONSUMER_MODE === "detach") {
    await env.WORK_RUNNER.work(messages);
  } else {
    await Promise.all(messages.map((message) => workOn(env, message)));
  }
  batch.ackAll();
}
