import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { errorResponse } from "#worker/api/middleware/error-response.ts";
import { toServiceError } from "#worker/api/middleware/to-service-error.ts";
import type { ApiEnv } from "#worker/api/api-env.ts";

/** A failure in AutoGPT's shape `{message, detail, hint}` (autogpt.md §1.1); a graph that cannot run is a 400 with its `node_errors`. */
export async function externalApiError(error: unknown, c: Context<ApiEnv>): Promise<Response> {
  const refusal = toServiceError(error);
  if (refusal === undefined) {
    const own = errorResponse(error, c);
    return c.json({ message: "Internal server error", detail: "Internal server error", hint: null }, own.status as 500);
  }
  if (refusal.retryAfter !== undefined) {
    c.header("Retry-After", String(refusal.retryAfter));
  }
  if (refusal.status === 401) {
    c.header("WWW-Authenticate", "Bearer");
  }
  const { message, details } = refusal;
  if (refusal.code === "graph_not_runnable" || refusal.code === "invalid_inputs") {
    const nodeErrors = (details as { node_errors?: unknown } | undefined)?.node_errors ?? {};
    return c.json({ message, detail: { type: "validation_error", message, node_errors: nodeErrors }, hint: null }, 400);
  }
  return c.json({ message, detail: message, hint: null }, refusal.status as ContentfulStatusCode);
}
