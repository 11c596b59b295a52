import { createRoute, z } from "@hono/zod-openapi";
import { isTerminal } from "#graph/run/status.ts";
import type { Principal } from "#worker/auth/principal.ts";
import { executionSchema } from "#worker/contracts/execution.ts";
import { idempotencyHeadersSchema } from "#worker/contracts/idempotency-key.ts";
import {
  forkExecutionSchema,
  nodeExecutionDetailSchema,
  redriveResultSchema,
  redriveSchema,
  rerunQuerySchema,
} from "#worker/contracts/rerun.ts";
import * as reruns from "#worker/services/rerun-service.ts";
import { createRouter } from "../create-router.ts";
import { jsonBody } from "../middleware/json-body.ts";
import { failures, idParam, jsonContent, jsonRequest } from "../route-parts.ts";

const tags = ["Executions"];
const params = idParam("id");

const started = {
  200: jsonContent(executionSchema, "The new run has ended within `wait_seconds`."),
  202: jsonContent(executionSchema, "The new run goes on."),
};

const retry = createRoute({
  method: "post",
  path: "/executions/{id}/retry",
  tags,
  summary: "Run again what failed in a run",
  description:
    "Starts a new run with the same graph version and inputs, linked by `retried_from`. It takes over the results of the node executions that completed, " +
    "so that only those that failed, and what follows from them, are run. Works for a graph that was deleted meanwhile. With an `Idempotency-Key` the same " +
    "request within 24 hours is answered with the same new run.",
  request: { params, query: rerunQuerySchema, headers: idempotencyHeadersSchema },
  responses: { ...started, ...failures(404, 409, 410, 422, 429, 503) },
});

const fork = createRoute({
  method: "post",
  path: "/executions/{id}/fork",
  tags,
  summary: "Go on from a node execution with other inputs",
  description:
    "Starts a new run, linked by `forked_from`, in which this node execution gets `inputs` laid over what it had. What completed before it or does not follow " +
    "from it is taken over; the rest is run. With an `Idempotency-Key` the same request within 24 hours is answered with the same new run.",
  middleware: jsonBody(),
  request: {
    params,
    query: rerunQuerySchema,
    headers: idempotencyHeadersSchema,
    body: jsonRequest(forkExecutionSchema),
  },
  responses: { ...started, ...failures(400, 404, 409, 410, 413, 422, 429, 503) },
});

const redrive = createRoute({
  method: "post",
  path: "/executions/redrive",
  tags,
  summary: "Retry many runs",
  description:
    "Retries the newest runs that the filter finds, one after the other, each as `retry` does. A run that cannot be retried is answered with the reason. A run " +
    "that was redriven in the last 24 hours is answered with the new run that it has. New runs that fail are found by the same filter too, unless `to` leaves them out.",
  middleware: jsonBody(),
  request: { body: jsonRequest(redriveSchema) },
  responses: { 200: jsonContent(redriveResultSchema, "What became of each, newest first."), ...failures(400, 422) },
});

const node = createRoute({
  method: "get",
  path: "/executions/{id}/nodes/{node_execution_id}",
  tags,
  summary: "One node execution: its attempts, and why it ran or waits",
  request: { params: z.object({ id: z.string(), node_execution_id: z.string() }) },
  responses: { 200: jsonContent(nodeExecutionDetailSchema, "The node execution."), ...failures(404, 503) },
});

export const rerunRoutes = createRouter()
  .openapi(retry, async (c) => {
    const { deps, principal } = c.var;
    const options = optionsOf(principal, c.req.valid("query"), c.req.valid("header"));
    const run = await reruns.retryExecution(deps, principal, c.req.valid("param").id, options);
    return c.json(run, options.waitSeconds > 0 && isTerminal(run.status) ? 200 : 202);
  })
  .openapi(fork, async (c) => {
    const { deps, principal } = c.var;
    const options = optionsOf(principal, c.req.valid("query"), c.req.valid("header"));
    const from = { id: c.req.valid("param").id, fork: c.req.valid("json") };
    const run = await reruns.forkExecution(deps, principal, from, options);
    return c.json(run, options.waitSeconds > 0 && isTerminal(run.status) ? 200 : 202);
  })
  .openapi(redrive, async (c) => {
    const { filter: given, cursor } = c.req.valid("json");
    const { graph_id: graphId, status, error_code: errorCode, from, to, limit } = given;
    const filter = { graphId, status, errorCode, from: timeOf(from), to: timeOf(to), limit, cursor };
    return c.json(await reruns.redriveExecutions(c.var.deps, c.var.principal, filter, sourceOf(c.var.principal)), 200);
  })
  .openapi(node, async (c) => {
    const { id: executionId, node_execution_id: nodeExecutionId } = c.req.valid("param");
    return c.json(await reruns.getNodeExecution(c.var.deps, c.var.principal, { executionId, nodeExecutionId }), 200);
  });

function optionsOf(
  principal: Principal,
  query: { wait_seconds: number },
  headers: { "idempotency-key"?: string | undefined },
): reruns.RerunOptions {
  return {
    source: sourceOf(principal),
    waitSeconds: query.wait_seconds,
    idempotencyKey: headers["idempotency-key"],
  };
}

function sourceOf({ via }: Principal): string {
  return via === "session" ? "page" : "api";
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
