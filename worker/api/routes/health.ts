import { createRoute } from "@hono/zod-openapi";
import { healthSchema, readinessSchema } from "#worker/contracts/health.ts";
import { checkReadiness } from "#worker/services/check-readiness.ts";
import { createRouter } from "../create-router.ts";
import { jsonContent } from "../route-parts.ts";

const tags = ["Health"];

const health = createRoute({
  method: "get",
  path: "/health",
  tags,
  summary: "The process answers",
  responses: { 200: jsonContent(healthSchema, "It does.") },
});

const ready = createRoute({
  method: "get",
  path: "/ready",
  tags,
  summary: "The stores that requests need are reachable",
  responses: {
    200: jsonContent(readinessSchema, "All of them."),
    503: jsonContent(readinessSchema, "Some are not; `checks` says which."),
  },
});

/** Open to everybody: load balancers have no key. */
export const healthRoutes = createRouter()
  .openapi(health, (c) => c.json({ status: "healthy" as const }, 200))
  .openapi(ready, async (c) => {
    const readiness = await checkReadiness(c.var.deps);
    return c.json(readiness, readiness.status === "ready" ? 200 : 503);
  });
