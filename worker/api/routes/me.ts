import { createRoute } from "@hono/zod-openapi";
import { meSchema } from "#worker/contracts/me.ts";
import { getMe } from "#worker/services/identity-service.ts";
import { createRouter } from "../create-router.ts";
import { failures, jsonContent } from "../route-parts.ts";

const me = createRoute({
  method: "get",
  path: "/me",
  tags: ["Account"],
  summary: "Who you are, where, and what you may do",
  responses: { 200: jsonContent(meSchema, "You."), ...failures() },
});

export const meRoutes = createRouter().openapi(me, async (c) => c.json(await getMe(c.var.deps, c.var.principal), 200));
