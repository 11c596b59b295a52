import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { ErrorBody } from "#worker/contracts/error.ts";
import type { ApiEnv } from "../api-env.ts";
import { toServiceError } from "./to-service-error.ts";

/** Maps whatever a handler threw to the one error shape. What is nobody's fault outside is logged and told without particulars. */
export function errorResponse(error: unknown, c: Context<ApiEnv>): Response {
  const refusal = toServiceError(error);
  if (refusal !== undefined) {
    if (refusal.retryAfter !== undefined) {
      c.header("Retry-After", String(refusal.retryAfter));
    }
    if (refusal.status === 401) {
      c.header("WWW-Authenticate", "Bearer");
    }
    const { code, message, details } = refusal;
    const body: ErrorBody = { error: { code, message, ...(details === undefined ? {} : { details }) } };
    return c.json(body, refusal.status as ContentfulStatusCode);
  }
  const requestId = c.get("requestId");
  log("error", "a request failed", {
    request_id: requestId,
    method: c.req.method,
    path: c.req.path,
    error: errorMessage(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  const body: ErrorBody = {
    error: {
      code: "internal",
      message:
        "Something went wrong on the server. Try again; if it stays, look for the request id in the server's log.",
      details: { request_id: requestId },
    },
  };
  return c.json(body, 500);
}
