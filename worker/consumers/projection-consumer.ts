import type { ExecutionSummary } from "#durable-objects/execution/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import { openDatabase } from "#worker/db/database.ts";
import { applyExecutionSummaries } from "#worker/db/execution-projection.ts";
import type { Env } from "../env.ts";
import { observeRuns } from "./observe-runs.ts";

/** Writes summaries of runs to the list in D1. Repeats and late ones do no harm: a row only ever moves to a newer seq. */
export async function handleProjectionBatch(batch: MessageBatch, env: Env): Promise<void> {
  const summaries = batch.messages.map(({ body }) => body as ExecutionSummary);
  try {
    await Promise.all([applyExecutionSummaries(openDatabase(env.DB), summaries), observeRuns(env, summaries)]);
    batch.ackAll();
  } catch (error) {
    log("warn", "the list of runs could not be written; trying again", { error: errorMessage(error) });
    batch.retryAll({ delaySeconds: 2 });
  }
}
