import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { ApiEnv } from "../api-env.ts";

/**
 * Headers for everything that is not a page of the editor: nothing of it may be framed, sniffed, executed or kept by caches. A handler
 * that set its own `Cache-Control` or `Content-Security-Policy` keeps it.
 */
export function securityHeaders(): MiddlewareHandler<ApiEnv> {
  const secure = secureHeaders({
    xFrameOptions: "DENY",
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
  });
  return async function securityHeadersMiddleware(c, next) {
    // The answer to a WebSocket handshake cannot be changed: its headers are final and a copy would lose the socket.
    if (c.req.header("upgrade") !== undefined) {
      return next();
    }
    await secure(c, next);
    const { headers } = c.res;
    // Also on answers that a handler made by itself.
    headers.set("X-Request-Id", c.get("requestId"));
    if (!headers.has("cache-control")) {
      headers.set("Cache-Control", "no-store");
    }
    if (!headers.has("content-security-policy")) {
      headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
    }
  };
}
