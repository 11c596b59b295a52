import { beforeAll, describe, expect, it } from "vitest";
import { ApiClient, createTenant, testEnv } from "#test/workerd/api-client.ts";
import type { Tenant } from "#test/workerd/api-client.ts";

let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

describe("the API's own description", () => {
  it("is a document that names every route, its body and its failures", async () => {
    const answer = await new ApiClient().call<{
      openapi: string;
      paths: Record<string, Record<string, { responses: object }>>;
    }>("/api/openapi.json");
    expect(answer.status).toBe(200);
    expect(answer.body.openapi).toBe("3.1.0");
    expect(Object.keys(answer.body.paths).toSorted()).toEqual([
      "/api/v1/blocks",
      "/api/v1/blocks/{id}",
      "/api/v1/blocks/{id}/execute",
      "/api/v1/callbacks/{token}",
      "/api/v1/executions",
      "/api/v1/executions/redrive",
      "/api/v1/executions/{id}",
      "/api/v1/executions/{id}/cancel",
      "/api/v1/executions/{id}/events",
      "/api/v1/executions/{id}/fork",
      "/api/v1/executions/{id}/live",
      "/api/v1/executions/{id}/nodes",
      "/api/v1/executions/{id}/nodes/{node_execution_id}",
      "/api/v1/executions/{id}/pause",
      "/api/v1/executions/{id}/resume",
      "/api/v1/executions/{id}/retry",
      "/api/v1/executions/{id}/reviews",
      "/api/v1/executions/{id}/reviews/{review_id}",
      "/api/v1/executions/{id}/values/{sha256}",
      "/api/v1/graphs",
      "/api/v1/graphs/{id}",
      "/api/v1/graphs/{id}/estimate",
      "/api/v1/graphs/{id}/versions",
      "/api/v1/graphs/{id}/versions/active",
      "/api/v1/graphs/{id}/versions/{version}",
      "/api/v1/health",
      "/api/v1/me",
      "/api/v1/ready",
    ]);
    expect(Object.keys(answer.body.paths["/api/v1/executions"]?.["post"]?.responses ?? {})).toEqual(
      expect.arrayContaining(["200", "202", "401", "403", "422"]),
    );
    const text = JSON.stringify(answer.body);
    for (const [reference] of text.matchAll(/"#\/components\/schemas\/[^"]+"/g)) {
      const schema = (JSON.parse(reference) as string).split("/").at(-1) ?? "";
      expect(answer.body, schema).toHaveProperty(["components", "schemas", schema]);
    }
  });

  it("can be read in a browser without script, network or key", async () => {
    const response = await new ApiClient().fetch("/api/docs");
    const page = await response.text();
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page).not.toMatch(/<script|<link|<img|https?:\/\//);
    expect(page).toContain("/api/v1/executions/{id}/events");
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) {
      expect(page).toContain(`id="${id}"`);
    }
  });
});

describe("every answer", () => {
  it("carries a request id and headers that keep browsers and caches from doing anything with it", async () => {
    for (const path of ["/health", "/api/v1/me", "/api/v1/nothing", "/external-api/v1/me", "/api/auth/get-session"]) {
      const { headers } = await tenant.client.call(path);
      expect(headers.get("x-request-id"), path).toMatch(/^[\w-]{10,}$/);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("x-frame-options"), path).toBe("DENY");
      expect(headers.get("cache-control"), path).toBe("no-store");
      expect(headers.get("content-security-policy"), path).toContain("default-src 'none'");
    }
  });

  it("to a failure of the server tells the request id and nothing of the inside", async () => {
    const DB = {
      prepare: () => {
        throw new Error("secret detail of the database");
      },
    } as unknown as D1Database;
    const env = { ...testEnv, DB };
    const broken = new ApiClient({ "x-api-key": tenant.apiKey.replace(/.$/, "_") }, { env });
    const answer = await broken.call("/api/v1/me");
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({
      error: { code: "internal", details: { request_id: answer.headers.get("x-request-id") } },
    });
    expect(JSON.stringify(answer.body)).not.toContain("secret detail");
    const ready = await broken.call("/ready");
    expect([ready.status, ready.body]).toEqual([503, { status: "not_ready", checks: { database: "failed" } }]);
  });
});
