import { createApp, createDeps } from "#worker/compose.ts";
import type { Env } from "#worker/env.ts";
import { handleQueue } from "#worker/handle-queue.ts";
import { handleScheduled } from "#worker/handle-scheduled.ts";
import { sentByThisFile } from "./this-file.ts";

export { ExecutionObject } from "#durable-objects/execution/execution.ts";
export { WorkspaceObject } from "#durable-objects/workspace/workspace.ts";
export { WorkRunner } from "#worker/consumers/work-runner.ts";

/** The Worker as it is deployed, without the pages: those need the built editor and are tested in a browser. */
export default {
  fetch: (request, env, ctx) => createApp(createDeps(env)).fetch(request, env, ctx),
  async queue(batch, env) {
    const own = sentByThisFile(batch);
    if (own.messages.length > 0) {
      await handleQueue(own, env);
    }
  },
  async scheduled(_controller, env) {
    await handleScheduled(env);
  },
} satisfies ExportedHandler<Env>;
