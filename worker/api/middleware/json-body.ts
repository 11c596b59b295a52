import type { MiddlewareHandler } from "hono";
import { ServiceError } from "#worker/services/service-error.ts";
import type { ApiEnv } from "../api-env.ts";
import { parseJsonBody } from "./parse-json-body.ts";
import { readBody } from "./read-body.ts";

/** Largest body of graphs and inputs. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Largest body of a request that starts a run: its inputs may be large, and an isolate has 128 MB for the text and what is made of it. */
export const MAX_INPUTS_BYTES = 32 * 1024 * 1024;

const JSON_TYPE = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

/**
 * Reads, bounds and parses a JSON body; `c.req.json()` and the validators after it get the parsed value.
 * @throws ServiceError 415 `unsupported_media_type` and what `readBody` and `parseJsonBody` throw.
 */
export function jsonBody(maxBytes: number = MAX_BODY_BYTES): MiddlewareHandler<ApiEnv> {
  return async function jsonBodyMiddleware(c, next) {
    const bytes = await readBody(c.req.raw, maxBytes);
    if (!JSON_TYPE.test(c.req.header("content-type") ?? "")) {
      throw new ServiceError(
        415,
        "unsupported_media_type",
        "Send the body as JSON, with Content-Type: application/json.",
      );
    }
    const value: unknown = parseJsonBody(bytes);
    // The stream has been read; every later reader of the body gets this value instead.
    Object.defineProperty(c.req, "json", { value: () => Promise.resolve(value) });
    await next();
  };
}
