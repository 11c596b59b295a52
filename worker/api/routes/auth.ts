import { Hono } from "hono";
import { createAuth, hasAuthSecret } from "#worker/auth/create-auth.ts";
import { ServiceError } from "#worker/services/service-error.ts";
import type { ApiEnv } from "../api-env.ts";
import { readBody } from "../middleware/read-body.ts";

const MAX_AUTH_BODY_BYTES = 64 * 1024;

/** better-auth's own addresses: sign in, sign out, session, change of password. */
export const authRoutes = new Hono<ApiEnv>().on(["GET", "POST"], "/*", async (c) => {
  const { env } = c.var.deps;
  if (!hasAuthSecret(env)) {
    throw new ServiceError(503, "sign_in_not_configured", "Nobody can sign in: WEFT_SECRET is not set. API keys work.");
  }
  const request = c.req.raw;
  const { url, method, headers } = request;
  const body = request.body === null ? null : await readBody(request, MAX_AUTH_BODY_BYTES);
  const bounded = new Request(url, { method, headers, body });
  const response = await createAuth(env, url).handler(bounded);
  return new Response(response.body, response);
});
