import { createRoute } from "@hono/zod-openapi";
import { storedValueParamsSchema, storedValueSchema } from "#worker/contracts/stored-value.ts";
import { jsonValueSchema } from "#worker/contracts/json-value.ts";
import { getStoredValue } from "#worker/services/value-service.ts";
import { createRouter } from "../create-router.ts";
import { failures, jsonContent } from "../route-parts.ts";

const value = createRoute({
  method: "get",
  path: "/executions/{id}/values/{sha256}",
  tags: ["Executions"],
  summary: "A large value of a run, whole",
  description:
    'Streams the JSON that `{"$value": {"sha256": …}}` (StoredValue) stands for. It is there as long as the run is, and belongs to this run alone.',
  request: { params: storedValueParamsSchema },
  responses: { 200: jsonContent(jsonValueSchema, "The value."), ...failures(404) },
});

const router = createRouter();
router.openAPIRegistry.register("StoredValue", storedValueSchema);

export const valueRoutes = router.openapi(value, async (c) => {
  const { id: executionId, sha256 } = c.req.valid("param");
  const { body, size } = await getStoredValue(c.var.deps, c.var.principal, { executionId, sha256 });
  const headers = {
    "content-type": "application/json",
    "content-length": String(size),
    "content-disposition": `attachment; filename="${sha256.slice(0, 12)}.json"`,
    "cache-control": "no-store",
    etag: `"${sha256}"`,
  };
  return new Response(body, { headers }) as never;
});
