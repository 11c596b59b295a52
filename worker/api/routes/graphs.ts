import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { JsonObject } from "#graph/json.ts";
import {
  graphFileSchema,
  graphListQuerySchema,
  graphListSchema,
  graphOrFileSchema,
  graphQuerySchema,
  graphVersionListSchema,
  graphVersionQuerySchema,
  graphViewSchema,
  setActiveVersionSchema,
} from "#worker/contracts/graph.ts";
import type { GraphView } from "#worker/contracts/graph.ts";
import { pageQuerySchema } from "#worker/contracts/list.ts";
import * as graphs from "#worker/services/graph-service.ts";
import { parseIfMatch } from "../if-match.ts";
import type { ApiEnv } from "../api-env.ts";
import { createRouter } from "../create-router.ts";
import { jsonBody } from "../middleware/json-body.ts";
import { failures, idParam, jsonContent, jsonRequest } from "../route-parts.ts";

const tags = ["Graphs"];
const params = idParam("id");
const versionParams = params.extend({ version: z.coerce.number().int().min(1) });
const ifMatch = z.object({
  "if-match": z.string().optional().openapi({ description: "The ETag that the change started from." }),
});

const create = createRoute({
  method: "post",
  path: "/graphs",
  tags,
  summary: "Create a graph from an agent file",
  description: "Nothing in the file is run or fetched. Unknown blocks are kept and listed in `problems`.",
  middleware: jsonBody(),
  request: { body: jsonRequest(graphFileSchema) },
  responses: { 201: jsonContent(graphViewSchema, "The new graph."), ...failures(400, 413, 422) },
});

const list = createRoute({
  method: "get",
  path: "/graphs",
  tags,
  summary: "List graphs, last changed first",
  request: { query: graphListQuerySchema },
  responses: { 200: jsonContent(graphListSchema, "A page of graphs."), ...failures(400, 422) },
});

const get = createRoute({
  method: "get",
  path: "/graphs/{id}",
  tags,
  summary: "One graph",
  request: { params, query: graphQuerySchema },
  responses: { 200: jsonContent(graphOrFileSchema, "The graph, or its agent file."), ...failures(404, 422) },
});

const update = createRoute({
  method: "put",
  path: "/graphs/{id}",
  tags,
  summary: "Save a new version",
  description:
    "Versions never change; saving adds one. It is refused when somebody else saved since the version that this change started from.",
  middleware: jsonBody(),
  request: { params, headers: ifMatch, body: jsonRequest(graphFileSchema) },
  responses: { 200: jsonContent(graphViewSchema, "The new version."), ...failures(400, 404, 412, 413, 422, 428) },
});

const remove = createRoute({
  method: "delete",
  path: "/graphs/{id}",
  tags,
  summary: "Delete a graph with all its versions",
  description: "Its runs stay; delete them one by one.",
  request: { params },
  responses: { 204: { description: "Deleted." }, ...failures(404) },
});

const versions = createRoute({
  method: "get",
  path: "/graphs/{id}/versions",
  tags,
  summary: "Versions of a graph, newest first",
  request: { params, query: pageQuerySchema },
  responses: { 200: jsonContent(graphVersionListSchema, "A page of versions."), ...failures(400, 404, 422) },
});

const version = createRoute({
  method: "get",
  path: "/graphs/{id}/versions/{version}",
  tags,
  summary: "One version of a graph",
  request: { params: versionParams, query: graphVersionQuerySchema },
  responses: { 200: jsonContent(graphOrFileSchema, "The version, or its agent file."), ...failures(404, 422) },
});

const activate = createRoute({
  method: "put",
  path: "/graphs/{id}/versions/active",
  tags,
  summary: "Choose the version that runs by default",
  middleware: jsonBody(),
  request: { params, body: jsonRequest(setActiveVersionSchema) },
  responses: { 200: jsonContent(graphViewSchema, "The graph at that version."), ...failures(400, 404, 422) },
});

export const graphRoutes = createRouter()
  .openapi(create, async (c) => {
    const graph = await graphs.createGraph(c.var.deps, c.var.principal, c.req.valid("json"));
    c.header("Location", `/api/v1/graphs/${graph.id}`);
    return c.json(tagged(c, graph), 201);
  })
  .openapi(list, async (c) => {
    return c.json(await graphs.listGraphs(c.var.deps, c.var.principal, c.req.valid("query")), 200);
  })
  .openapi(get, async (c) => {
    const { version: number, for_export: forExport } = c.req.valid("query");
    const key = { graphId: c.req.valid("param").id, version: number };
    return c.json(await viewOrFile(c, key, forExport === "true"), 200);
  })
  .openapi(update, async (c) => {
    const graph = await graphs.saveGraph(c.var.deps, c.var.principal, {
      graphId: c.req.valid("param").id,
      file: c.req.valid("json"),
      base: parseIfMatch(c.req.valid("header")["if-match"]),
    });
    return c.json(tagged(c, graph), 200);
  })
  .openapi(remove, async (c) => {
    await graphs.deleteGraph(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(versions, async (c) => {
    const query = { ...c.req.valid("query"), graphId: c.req.valid("param").id };
    return c.json(await graphs.listGraphVersions(c.var.deps, c.var.principal, query), 200);
  })
  .openapi(activate, async (c) => {
    const graph = await graphs.activateGraphVersion(c.var.deps, c.var.principal, {
      graphId: c.req.valid("param").id,
      version: c.req.valid("json").active_graph_version,
    });
    return c.json(tagged(c, graph), 200);
  })
  .openapi(version, async (c) => {
    const { id, version: number } = c.req.valid("param");
    const forExport = c.req.valid("query").for_export === "true";
    return c.json(await viewOrFile(c, { graphId: id, version: number }, forExport), 200);
  });

async function viewOrFile(
  c: Context<ApiEnv>,
  key: { graphId: string; version?: number },
  forExport: boolean,
): Promise<GraphView | JsonObject> {
  if (!forExport) {
    return tagged(c, await graphs.getGraph(c.var.deps, c.var.principal, key));
  }
  const { fileName, file } = await graphs.exportGraphFile(c.var.deps, c.var.principal, key);
  c.header("Content-Disposition", `attachment; filename="${fileName}"`);
  return file;
}

/** The latest version is what a save must start from, so it is the entity tag. */
function tagged(c: Context<ApiEnv>, graph: GraphView): GraphView {
  c.header("ETag", `"${graph.latest_version}"`);
  return graph;
}
