import type { Context, MiddlewareHandler } from "hono";
import { resolvePrincipal } from "#worker/auth/resolve-principal.ts";
import type { Principal } from "#worker/auth/principal.ts";
import { ServiceError } from "#worker/services/service-error.ts";
import type { ApiEnv } from "../api-env.ts";

/** Lets only known callers through and tells the handlers who they are. */
export function requirePrincipal(): MiddlewareHandler<ApiEnv> {
  return async function requirePrincipalMiddleware(c, next) {
    c.set("principal", await principalOf(c));
    await next();
  };
}

/** @throws ServiceError 401 `unauthenticated` or `invalid_credentials`, 403 `cross_origin`. */
async function principalOf(c: Context<ApiEnv>): Promise<Principal> {
  const { env, now } = c.var.deps;
  const resolution = await resolvePrincipal(c.req.raw, env, {
    now: now(),
    defer: (work) => c.executionCtx.waitUntil(work),
  });
  switch (resolution.kind) {
    case "principal":
      return resolution.principal;
    case "anonymous":
      throw new ServiceError(
        401,
        "unauthenticated",
        "Say who you are: send an API key as X-API-Key or as Authorization: Bearer, or sign in.",
      );
    case "rejected":
      throw new ServiceError(401, "invalid_credentials", "The API key is not valid, or it has been revoked.");
    case "cross_origin":
      throw new ServiceError(
        403,
        "cross_origin",
        "A signed-in browser may only do this from a page of this site. Programs should send an API key.",
      );
  }
}
