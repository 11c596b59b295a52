import { createRoute, z } from "@hono/zod-openapi";
import { isTerminal } from "#graph/run/status.ts";
import { eventQuerySchema, executionEventPageSchema } from "#worker/contracts/event.ts";
import {
  executionListQuerySchema,
  executionListSchema,
  executionQuerySchema,
  executionSchema,
  executionWithNodesSchema,
  nodeExecutionListSchema,
  reviewDecisionSchema,
  reviewListSchema,
  startExecutionSchema,
} from "#worker/contracts/execution.ts";
import type { StartExecution } from "#worker/contracts/execution.ts";
import { idempotencyHeadersSchema } from "#worker/contracts/idempotency-key.ts";
import { pageQuerySchema } from "#worker/contracts/list.ts";
import * as executions from "#worker/services/execution-service.ts";
import type { ShapeRequest } from "#worker/services/shaped-run.ts";
import { ServiceError } from "#worker/services/service-error.ts";
import { createRouter } from "../create-router.ts";
import { eventStream } from "../event-stream.ts";
import type { EventFeed } from "../event-stream.ts";
import { jsonBody, MAX_INPUTS_BYTES } from "../middleware/json-body.ts";
import { failures, idParam, jsonContent, jsonRequest } from "../route-parts.ts";

const tags = ["Executions"];

/** Events that a stream reads at a time. */
const STREAM_PAGE = 500;
const params = idParam("id");

const start = createRoute({
  method: "post",
  path: "/executions",
  tags,
  summary: "Run a graph",
  description:
    "With an `Idempotency-Key` the same request within 24 hours is answered with the same run, however often it is sent. A run that has to wait for the " +
    "agent's limits or the workspace's is QUEUED, and `queued_reason` says why.",
  middleware: jsonBody(MAX_INPUTS_BYTES),
  request: { headers: idempotencyHeadersSchema, body: jsonRequest(startExecutionSchema) },
  responses: {
    200: jsonContent(executionSchema, "The run has ended within `wait_seconds`."),
    202: jsonContent(executionSchema, "The run goes on."),
    ...failures(400, 404, 409, 410, 413, 422, 429, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/executions",
  tags,
  summary: "List runs, newest first",
  description: "From a projection that follows the runs within moments; ask for one run to see its present state.",
  request: { query: executionListQuerySchema },
  responses: { 200: jsonContent(executionListSchema, "A page of runs."), ...failures(400, 422) },
});

const get = createRoute({
  method: "get",
  path: "/executions/{id}",
  tags,
  summary: "One run, as it stands",
  request: { params, query: executionQuerySchema },
  responses: { 200: jsonContent(executionWithNodesSchema, "The run."), ...failures(404, 422, 503) },
});

const nodes = createRoute({
  method: "get",
  path: "/executions/{id}/nodes",
  tags,
  summary: "Node executions of a run, in the order in which they came to be",
  request: { params, query: pageQuerySchema },
  responses: { 200: jsonContent(nodeExecutionListSchema, "A page of node executions."), ...failures(404, 422, 503) },
});

const cancel = createRoute({
  method: "post",
  path: "/executions/{id}/cancel",
  tags,
  summary: "Stop a run",
  description: "A run that has ended already is answered unchanged.",
  request: { params },
  responses: { 200: jsonContent(executionSchema, "The run."), ...failures(404, 503) },
});

const pause = createRoute({
  method: "post",
  path: "/executions/{id}/pause",
  tags,
  summary: "Hold a run",
  description: "No node is started any more, sub-agents included; nodes that run finish. A held run costs nothing.",
  request: { params },
  responses: { 200: jsonContent(executionSchema, "The run."), ...failures(404, 503) },
});

const resume = createRoute({
  method: "post",
  path: "/executions/{id}/resume",
  tags,
  summary: "Let a held run go on",
  request: { params },
  responses: { 200: jsonContent(executionSchema, "The run."), ...failures(404, 503) },
});

const reviews = createRoute({
  method: "get",
  path: "/executions/{id}/reviews",
  tags,
  summary: "What people are asked for in a run",
  request: { params },
  responses: { 200: jsonContent(reviewListSchema, "Pending reviews, oldest first."), ...failures(404, 503) },
});

const review = createRoute({
  method: "post",
  path: "/executions/{id}/reviews/{review_id}",
  tags,
  summary: "Decide a review",
  middleware: jsonBody(),
  request: { params: z.object({ id: z.string(), review_id: z.string() }), body: jsonRequest(reviewDecisionSchema) },
  responses: { 200: jsonContent(executionSchema, "The run, which goes on."), ...failures(400, 404, 409, 422, 503) },
});

const remove = createRoute({
  method: "delete",
  path: "/executions/{id}",
  tags,
  summary: "Delete a run and everything it kept",
  request: { params },
  responses: { 204: { description: "Deleted." }, ...failures(404, 503) },
});

const events = createRoute({
  method: "get",
  path: "/executions/{id}/events",
  tags,
  summary: "Events of a run, as a page or as a stream",
  description:
    "With `Accept: text/event-stream` the answer is a stream of server-sent events that ends with the run: `id` is the event's `seq`, " +
    "`event` its type, `data` its JSON. `Last-Event-ID` goes on where a broken stream stopped.",
  request: { params, query: eventQuerySchema, headers: z.object({ "last-event-id": z.string().optional() }) },
  responses: {
    200: {
      description: "A page of events, or the stream of them.",
      content: {
        "application/json": { schema: executionEventPageSchema },
        "text/event-stream": { schema: z.string() },
      },
    },
    ...failures(404, 422, 503),
  },
});

const live = createRoute({
  method: "get",
  path: "/executions/{id}/live",
  tags,
  summary: "Events of a run over a WebSocket",
  description:
    "One JSON message for each event after `after`, every one exactly once and in order; closes after the last.",
  request: { params, query: eventQuerySchema.pick({ after: true }) },
  responses: {
    101: { description: "The WebSocket." },
    426: { description: "Not a WebSocket handshake." },
    ...failures(404, 422, 503),
  },
});

/** Undefined for a run of the whole agent. */
function shapeOf(body: StartExecution): ShapeRequest | undefined {
  const { dry_run: dryRun, pinned, until_node_id: untilNodeId, only_node_id: onlyNodeId } = body;
  const whole = !dryRun && pinned === false && untilNodeId === undefined && onlyNodeId === undefined;
  return whole ? undefined : { dryRun, pinned, untilNodeId, onlyNodeId };
}

export const executionRoutes = createRouter()
  .openapi(start, async (c) => {
    const { deps, principal } = c.var;
    const body = c.req.valid("json");
    const run = await executions.startExecution(deps, principal, {
      graphId: body.graph_id,
      graphVersion: body.graph_version,
      inputs: body.inputs,
      waitSeconds: body.wait_seconds,
      source: principal.via === "session" ? "page" : "api",
      idempotencyKey: c.req.valid("header")["idempotency-key"],
      shape: shapeOf(body),
    });
    return c.json(run, body.wait_seconds > 0 && isTerminal(run.status) ? 200 : 202);
  })
  .openapi(list, async (c) => {
    const { graph_id, status, cursor, limit } = c.req.valid("query");
    const query = { graphId: graph_id, status: status === undefined ? undefined : [status], cursor, limit };
    return c.json(await executions.listExecutions(c.var.deps, c.var.principal, query), 200);
  })
  .openapi(get, async (c) => {
    const { deps, principal } = c.var;
    const { id } = c.req.valid("param");
    const withNodes = c.req.valid("query").include === "nodes";
    const read = withNodes ? executions.getExecutionWithNodes : executions.getExecution;
    return c.json(await read(deps, principal, id), 200);
  })
  .openapi(nodes, async (c) => {
    const query = { ...c.req.valid("query"), executionId: c.req.valid("param").id };
    return c.json(await executions.listNodeExecutions(c.var.deps, c.var.principal, query), 200);
  })
  .openapi(cancel, async (c) => {
    return c.json(await executions.cancelExecution(c.var.deps, c.var.principal, c.req.valid("param").id), 200);
  })
  .openapi(pause, async (c) => {
    return c.json(await executions.pauseExecution(c.var.deps, c.var.principal, c.req.valid("param").id), 200);
  })
  .openapi(resume, async (c) => {
    return c.json(await executions.resumeExecution(c.var.deps, c.var.principal, c.req.valid("param").id), 200);
  })
  .openapi(reviews, async (c) => {
    const items = await executions.listReviews(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.json({ items }, 200);
  })
  .openapi(review, async (c) => {
    const { id: executionId, review_id: reviewId } = c.req.valid("param");
    const { auto_approve_future: autoApprove, ...decision } = c.req.valid("json");
    const run = await executions.decideReview(c.var.deps, c.var.principal, {
      executionId,
      reviewId,
      decision,
      autoApprove,
    });
    return c.json(run, 200);
  })
  .openapi(remove, async (c) => {
    await executions.deleteExecution(c.var.deps, c.var.principal, c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(events, async (c) => {
    const { deps, principal } = c.var;
    const executionId = c.req.valid("param").id;
    const { after, limit } = c.req.valid("query");
    if (!(c.req.header("accept") ?? "").includes("text/event-stream")) {
      return c.json(await executions.listExecutionEvents(deps, principal, { executionId, after, limit }), 200);
    }
    const lastEventId = c.req.valid("header")["last-event-id"] ?? "";
    const from = /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : after;
    const feed: EventFeed = {
      page: (start) =>
        executions.listExecutionEvents(deps, principal, { executionId, after: start, limit: STREAM_PAGE }),
      live: async (start) => {
        const { webSocket } = await executions.openLiveEvents(deps, principal, { executionId, after: start });
        if (webSocket === null) {
          throw new Error("The run did not answer the handshake with a WebSocket.");
        }
        return webSocket;
      },
    };
    return eventStream(feed, from);
  })
  .openapi(live, async (c) => {
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
      throw new ServiceError(426, "upgrade_required", "This address speaks WebSocket only. Use /events for HTTP.");
    }
    const { after } = c.req.valid("query");
    return executions.openLiveEvents(c.var.deps, c.var.principal, { executionId: c.req.valid("param").id, after });
  });
