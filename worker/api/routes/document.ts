import type { OpenAPIHono } from "@hono/zod-openapi";
import { Hono } from "hono";
import type { ApiEnv } from "../api-env.ts";
import { REFERENCE_CSP, referencePage } from "../reference-page.ts";

type OpenApiDocument = ReturnType<OpenAPIHono<ApiEnv>["getOpenAPI31Document"]>;

/** `/openapi.json` and the reference page `/docs`, both made from the routes themselves. Open to everybody: they hold no data. */
export function documentRoutes(api: OpenAPIHono<ApiEnv>): Hono<ApiEnv> {
  let made: OpenApiDocument | undefined;
  const document = (): OpenApiDocument => (made ??= describe(api));
  return new Hono<ApiEnv>()
    .get("/openapi.json", (c) => {
      c.header("Cache-Control", "public, max-age=300");
      return c.json(document());
    })
    .get("/docs", (c) => {
      c.header("Content-Security-Policy", REFERENCE_CSP);
      return c.html(referencePage(document()));
    });
}

function describe(api: OpenAPIHono<ApiEnv>): OpenApiDocument {
  return api.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Weft API",
      version: "1",
      description:
        "Build graphs of blocks, run them, and follow every step. Send an API key as `Authorization: Bearer` or as `X-API-Key`. " +
        "Lists are pages `{items, next_cursor}`; failures are `{error: {code, message, details}}` with stable codes; every answer " +
        "carries an `X-Request-Id`.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { api_key: [] }],
  });
}
