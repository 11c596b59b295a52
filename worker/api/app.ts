import type { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiEnv } from "./api-env.ts";
import { createRouter } from "./create-router.ts";
import { requirePrincipal } from "./middleware/require-principal.ts";
import { callbackRoutes } from "./routes/callbacks.ts";
import { documentRoutes } from "./routes/document.ts";
import { blockRoutes } from "./routes/blocks.ts";
import { estimateRoutes } from "./routes/estimates.ts";
import { executionRoutes } from "./routes/executions.ts";
import { graphRoutes } from "./routes/graphs.ts";
import { healthRoutes } from "./routes/health.ts";
import { meRoutes } from "./routes/me.ts";
import { rerunRoutes } from "./routes/reruns.ts";
import { valueRoutes } from "./routes/values.ts";

/** The HTTP API at `/api/v1`, its description and its reference page. Errors and headers are the business of `createApp`. */
export function createApi(): OpenAPIHono<ApiEnv> {
  const v1 = createRouter();
  v1.route("/", healthRoutes);
  v1.route("/", callbackRoutes);
  v1.use("*", requirePrincipal());
  for (const routes of [
    graphRoutes,
    estimateRoutes,
    executionRoutes,
    rerunRoutes,
    valueRoutes,
    blockRoutes,
    meRoutes,
  ]) {
    v1.route("/", routes);
  }
  const api = createRouter();
  api.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  api.openAPIRegistry.registerComponent("securitySchemes", "api_key", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
  });
  api.route("/api/v1", v1);
  api.route("/api", documentRoutes(api));
  return api;
}
