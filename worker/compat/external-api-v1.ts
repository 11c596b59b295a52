import { Hono } from "hono";
import { z } from "zod";
import type { ExecutionView, NodeExecutionView } from "#durable-objects/execution/protocol.ts";
import type { JsonObject } from "#graph/json.ts";
import type { ApiEnv } from "#worker/api/api-env.ts";
import { invalidRequest } from "#worker/api/create-router.ts";
import { jsonBody, MAX_INPUTS_BYTES } from "#worker/api/middleware/json-body.ts";
import { requirePrincipal } from "#worker/api/middleware/require-principal.ts";
import { idempotencyKeySchema } from "#worker/contracts/idempotency-key.ts";
import { jsonObjectSchema } from "#worker/contracts/json-value.ts";
import { executeBlock, listBlocks } from "#worker/services/block-service.ts";
import { getExecution, listNodeExecutions, startExecution } from "#worker/services/execution-service.ts";
import { createGraph } from "#worker/services/graph-service.ts";
import { getMe } from "#worker/services/identity-service.ts";
import { requirePermission } from "#worker/services/require-permission.ts";
import { notFound } from "#worker/services/service-error.ts";
import { withWholeValues } from "#worker/services/whole-values.ts";
import { toBlockInfo } from "./block-info.ts";
import { externalApiError } from "./external-api-error.ts";

/** As many node executions as AutoGPT answers with (autogpt.md §3.3). */
const MAX_NODES = 1_000;

const runBodySchema = z.object({ node_input: jsonObjectSchema.default({}) });
const versionSchema = z.coerce.number().int().min(1);

/** AutoGPT's external API v1 (autogpt.md §1.3): its paths and shapes over the same use cases. */
export function createExternalApiV1(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError(externalApiError);
  app.use("*", requirePrincipal());

  app.get("/me", async (c) => {
    const { user } = await getMe(c.var.deps, c.var.principal);
    return c.json({ ...user, timezone: "UTC" });
  });

  app.get("/blocks", (c) => {
    const { items } = listBlocks(c.var.deps, c.var.principal);
    return c.json(items.filter((block) => !block.disabled).map(toBlockInfo));
  });

  app.post("/blocks/:id/execute", jsonBody(), async (c) => {
    const inputs = parse(jsonObjectSchema, await c.req.json());
    const { outputs } = await executeBlock(c.var.deps, c.var.principal, { blockId: c.req.param("id"), inputs });
    return c.json(outputs);
  });

  app.post("/graphs", jsonBody(), async (c) => {
    requirePermission(c.var.principal, "WRITE_GRAPH", "WRITE_LIBRARY");
    const file = parse(jsonObjectSchema, await c.req.json());
    return c.json(await createGraph(c.var.deps, c.var.principal, file), 201);
  });

  app.post("/graphs/:id/execute/:version", jsonBody(MAX_INPUTS_BYTES), async (c) => {
    const run = await startExecution(c.var.deps, c.var.principal, {
      graphId: c.req.param("id"),
      graphVersion: parse(versionSchema, c.req.param("version")),
      inputs: parse(runBodySchema, await c.req.json()).node_input,
      waitSeconds: 0,
      source: "external_api",
      idempotencyKey: parse(idempotencyKeySchema.optional(), c.req.header("idempotency-key")),
    });
    return c.json({ id: run.id });
  });

  app.get("/graphs/:id/executions/:executionId/results", async (c) => {
    const { deps, principal } = c.var;
    const executionId = c.req.param("executionId");
    const run = await getExecution(deps, principal, executionId);
    if (run.graph_id !== c.req.param("id")) {
      throw notFound("execution");
    }
    const nodes = await listNodeExecutions(deps, principal, { executionId, limit: MAX_NODES });
    const owner = { workspaceId: principal.workspaceId, executionId: run.id };
    return c.json(await withWholeValues(deps, owner, toResults(run, nodes.items)));
  });

  return app;
}

function toResults(run: ExecutionView, nodes: NodeExecutionView[]) {
  return {
    execution_id: run.id,
    status: run.status,
    nodes: nodes.map(({ node_id, input, output }) => ({ node_id, input, output })),
    output: run.status === "COMPLETED" ? outputList(run.outputs) : null,
  };
}

/** One object for every value, `[{name: value}, …]`. */
function outputList(outputs: ExecutionView["outputs"]): JsonObject[] {
  return Object.entries(outputs).flatMap(([name, values]) => values.map((value) => ({ [name]: value })));
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw invalidRequest("json", parsed.error.issues);
  }
  return parsed.data;
}
