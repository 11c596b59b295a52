import { createRoute } from "@hono/zod-openapi";
import type { JsonValue } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { callbackAnswerSchema, callbackParamsSchema } from "#worker/contracts/callback.ts";
import { takeCallback } from "#worker/services/callback-service.ts";
import { ServiceError } from "#worker/services/service-error.ts";
import { createRouter } from "../create-router.ts";
import { parseJsonBody } from "../middleware/parse-json-body.ts";
import { readBody } from "../middleware/read-body.ts";
import { failures, jsonContent } from "../route-parts.ts";

/** What a caller sends becomes an event of the run's log. */
const MAX_BYTES = 256 * 1024;

const callback = createRoute({
  method: "post",
  path: "/callbacks/{token}",
  tags: ["Callbacks"],
  summary: "Call a block that waits for a call",
  description:
    "The address is given out by the block “Wait for call” and is the only right needed. The first call ends the wait; its body, up to 256 KiB of JSON, of a form or of text, becomes the block's `data`.",
  security: [],
  request: { params: callbackParamsSchema },
  responses: { 202: jsonContent(callbackAnswerSchema, "The run goes on."), ...failures(404, 409, 413, 503) },
});

/** Open to whoever has the address. Somebody who opens it in a browser is told how it is called, and has not called it. */
export const callbackRoutes = createRouter()
  .openapi(callback, async (c) => {
    const bytes = await readBody(c.req.raw, MAX_BYTES);
    await takeCallback(c.var.deps, c.req.valid("param").token, bodyOf(bytes, c.req.header("content-type") ?? ""));
    return c.json({ accepted: true as const }, 202);
  })
  .all("/callbacks/:token", (c) => {
    c.header("Allow", "POST");
    throw new ServiceError(405, "method_not_allowed", "A run waits for a call at this address. Call it with POST.");
  });

function bodyOf(bytes: Uint8Array, type: string): JsonValue {
  if (/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    return bytes.byteLength === 0 ? null : (parseJsonBody(bytes) as JsonValue);
  }
  const text = new TextDecoder().decode(bytes);
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(type) ? recordOf([...new URLSearchParams(text)]) : text;
}
