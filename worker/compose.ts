import { waitUntil } from "cloudflare:workers";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { blockRegistry } from "#blocks/registry.ts";
import type { ApiEnv } from "./api/api-env.ts";
import { createApi } from "./api/app.ts";
import { errorResponse } from "./api/middleware/error-response.ts";
import { securityHeaders } from "./api/middleware/security-headers.ts";
import { authRoutes } from "./api/routes/auth.ts";
import { healthRoutes } from "./api/routes/health.ts";
import { internalRoutes } from "./api/routes/internal.ts";
import { createExternalApiV1 } from "./compat/external-api-v1.ts";
import { createBlockContext } from "./consumers/block-context.ts";
import { firstConsumer } from "./consumers/first-consumer.ts";
import { runFirstStretch } from "./consumers/first-stretch.ts";
import { firstStretchDeps, listDeps } from "./consumers/work-on.ts";
import { openDatabase } from "./db/database.ts";
import type { Env } from "./env.ts";
import { createRunSingleBlock } from "./services/run-single-block.ts";
import type { ServiceDeps } from "./services/service-deps.ts";
import { ServiceError } from "./services/service-error.ts";
import { StartLine } from "./services/start-line.ts";

/** Of this isolate: the embedded runtime has one in each of its processes, and no platform that would spread requests over more when these are busy. */
const STARTS = new StartLine({ places: 16, heldMs: 200, waiting: 10_000, waitUntil });

/** What the use cases work with in this deployment. */
export function createDeps(env: Env): ServiceDeps {
  const runSingleBlock = createRunSingleBlock({
    blocks: blockRegistry,
    context: (options) => createBlockContext({ ...options, env, onUsage: () => {} }),
  });
  const db = openDatabase(env.DB);
  return {
    ...listDeps(env),
    db,
    blocks: blockRegistry,
    runSingleBlock,
    inLine: (workspaceId, start) =>
      env.WEFT_CONSUMER_MODE === "detach" ? STARTS.through(workspaceId, start) : start(),
    firstConsumer: (draft) => firstConsumer(env, draft),
    runFirstStretch: (header, inputs) => runFirstStretch(header, inputs, firstStretchDeps(env)),
    now: () => Date.now(),
  };
}

/** Everything that answers over HTTP but the pages: API, AutoGPT's API, sign-in, health. */
export function createApp(deps: ServiceDeps): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError(errorResponse);
  app.notFound((c) => errorResponse(new ServiceError(404, "not_found", "There is nothing at this address."), c));
  app.use(requestId());
  app.use(securityHeaders());
  app.use(async (c, next) => {
    c.set("deps", deps);
    await next();
  });
  app.route("/", healthRoutes);
  app.route("/internal", internalRoutes);
  app.route("/api/auth", authRoutes);
  app.route("/external-api/v1", createExternalApiV1());
  app.route("/", createApi());
  return app;
}

const APP_PATHS = /^\/(api|external-api|internal|health|ready)(\/|$)/;

/** Whether an address is the app's; every other one is a page. */
export function isAppPath(pathname: string): boolean {
  return APP_PATHS.test(pathname);
}
