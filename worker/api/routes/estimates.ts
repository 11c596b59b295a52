import { createRoute } from "@hono/zod-openapi";
import { estimateSchema } from "#worker/contracts/estimate.ts";
import { estimateRun } from "#worker/services/admission-estimate.ts";
import { createRouter } from "../create-router.ts";
import { failures, idParam, jsonContent } from "../route-parts.ts";

const estimate = createRoute({
  method: "get",
  path: "/graphs/{id}/estimate",
  tags: ["Graphs"],
  summary: "What a run would take",
  description: "Quantiles of duration, tokens and cost of the runs so far, and how many runs wait before a new one.",
  request: { params: idParam("id") },
  responses: { 200: jsonContent(estimateSchema, "The estimate."), ...failures(404, 503) },
});

export const estimateRoutes = createRouter().openapi(estimate, async (c) =>
  c.json(await estimateRun(c.var.deps, c.var.principal, c.req.valid("param").id), 200),
);
