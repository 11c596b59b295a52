import { createApp, createDeps, isAppPath } from "./compose.ts";
import type { Env } from "./env.ts";
import { handleQueue } from "./handle-queue.ts";
import { handleScheduled } from "./handle-scheduled.ts";
import { renderPage } from "./render-page.ts";
import type { ServiceDeps } from "./services/service-deps.ts";

export { ExecutionObject } from "#durable-objects/execution/execution.ts";
export { WorkspaceObject } from "#durable-objects/workspace/workspace.ts";
export { WorkRunner } from "#worker/consumers/work-runner.ts";

interface Composed {
  env: Env;
  deps: ServiceDeps;
  app: ReturnType<typeof createApp>;
}

let composed: Composed | undefined;

/** Built with the first request of an isolate and kept: it holds no connection, only bindings. */
function compose(env: Env): Composed {
  if (composed?.env !== env) {
    const deps = createDeps(env);
    composed = { env, deps, app: createApp(deps) };
  }
  return composed;
}

export default {
  fetch(request, env, ctx) {
    const { app, deps } = compose(env);
    return isAppPath(new URL(request.url).pathname) ? app.fetch(request, env, ctx) : renderPage(request, deps, ctx);
  },
  queue: handleQueue,
  async scheduled(_controller, env) {
    await handleScheduled(env);
  },
} satisfies ExportedHandler<Env>;
