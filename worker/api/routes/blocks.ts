import { createRoute } from "@hono/zod-openapi";
import { blockListSchema, blockOutputSchema, blockSchema, executeBlockSchema } from "#worker/contracts/block.ts";
import * as blocks from "#worker/services/block-service.ts";
import { createRouter } from "../create-router.ts";
import { jsonBody } from "../middleware/json-body.ts";
import { failures, idParam, jsonContent, jsonRequest } from "../route-parts.ts";

const tags = ["Blocks"];
const params = idParam("id");

const list = createRoute({
  method: "get",
  path: "/blocks",
  tags,
  summary: "The catalogue of blocks",
  responses: { 200: jsonContent(blockListSchema, "All blocks."), ...failures() },
});

const get = createRoute({
  method: "get",
  path: "/blocks/{id}",
  tags,
  summary: "One block",
  request: { params },
  responses: { 200: jsonContent(blockSchema, "The block."), ...failures(404) },
});

const execute = createRoute({
  method: "post",
  path: "/blocks/{id}/execute",
  tags,
  summary: "Run one block by itself",
  middleware: jsonBody(),
  request: { params, body: jsonRequest(executeBlockSchema) },
  responses: { 200: jsonContent(blockOutputSchema, "What the block gave."), ...failures(400, 404, 413, 422) },
});

export const blockRoutes = createRouter()
  .openapi(list, (c) => c.json(blocks.listBlocks(c.var.deps, c.var.principal), 200))
  .openapi(get, (c) => c.json(blocks.getBlock(c.var.deps, c.var.principal, c.req.valid("param").id), 200))
  .openapi(execute, async (c) => {
    const request = { blockId: c.req.valid("param").id, inputs: c.req.valid("json").inputs };
    return c.json(await blocks.executeBlock(c.var.deps, c.var.principal, request), 200);
  });
