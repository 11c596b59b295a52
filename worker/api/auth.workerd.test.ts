import { beforeAll, describe, expect, it } from "vitest";
import { findActiveApiKey, revokeApiKey } from "#worker/db/api-key-table.ts";
import { hashApiKey } from "#worker/auth/api-key.ts";
import { ApiClient, BOOTSTRAP_TOKEN, createTenant, ORIGIN, signIn, testEnv } from "#test/workerd/api-client.ts";
import type { HeaderValues, Tenant } from "#test/workerd/api-client.ts";
import { echoGraph } from "#test/workerd/echo-graph.ts";

const ME = "/api/v1/me";
let tenant: Tenant;

beforeAll(async () => {
  tenant = await createTenant();
});

describe("API keys", () => {
  it.each([
    ["x-api-key", (key: string) => key],
    ["authorization", (key: string) => `Bearer ${key}`],
    ["authorization", (key: string) => `bearer ${key}`],
  ])("open the API by %s", async (header, value) => {
    const answer = await new ApiClient({ [header]: value(tenant.apiKey) }).call(ME);
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        user: { id: tenant.userId, email: tenant.email },
        workspace: { id: tenant.workspaceId, role: "owner" },
        via: "api_key",
      },
    ]);
  });

  it("refuses anything else, and says nothing about why", async () => {
    const other = tenant.apiKey.slice(0, -1) + (tenant.apiKey.endsWith("A") ? "B" : "A");
    const messages = new Set<string>();
    for (const headers of [
      { "x-api-key": other },
      { "x-api-key": "" },
      { "x-api-key": `${tenant.apiKey}x` },
      { authorization: `Basic ${tenant.apiKey}` },
      { authorization: "Bearer" },
      { authorization: `Bearer ${tenant.apiKey.toUpperCase()}` },
    ]) {
      const answer = await new ApiClient(headers).call<{ error: { code: string; message: string } }>(ME);
      expect([answer.status, answer.body.error.code]).toEqual([401, "invalid_credentials"]);
      messages.add(answer.body.error.message);
    }
    expect(messages.size).toBe(1);
    const nobody = await new ApiClient().call(ME);
    expect([nobody.status, nobody.body]).toMatchObject([401, { error: { code: "unauthenticated" } }]);
    expect(nobody.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("a wrong key is not saved by a right one in the other header", async () => {
    const client = new ApiClient({ "x-api-key": "agpt_wrong", authorization: `Bearer ${tenant.apiKey}` });
    expect((await client.call(ME)).status).toBe(401);
  });

  it("end with their revocation within ten seconds, although they are remembered in between", async () => {
    let now = Date.now();
    const owner = await createTenant({ change: { now: () => now } });
    expect((await owner.client.call(ME)).status).toBe(200);
    expect(
      await revokeApiKey(owner.client.deps.db, { workspaceId: owner.workspaceId, id: owner.apiKeyId, at: now }),
    ).toBe(true);
    now += 10_000;
    expect((await owner.client.call(ME)).status).toBe(401);
    expect(
      await revokeApiKey(owner.client.deps.db, { workspaceId: owner.workspaceId, id: owner.apiKeyId, at: now }),
    ).toBe(false);
  });

  it("cannot be revoked from another workspace", async () => {
    const owner = await createTenant();
    const key = { workspaceId: tenant.workspaceId, id: owner.apiKeyId, at: 1 };
    expect(await revokeApiKey(owner.client.deps.db, key)).toBe(false);
  });

  it("remember when they were used", async () => {
    const owner = await createTenant();
    await owner.client.call(ME);
    const row = await findActiveApiKey(owner.client.deps.db, hashApiKey(owner.apiKey));
    expect(row?.lastUsedAt).toEqual(expect.any(Number));
    expect(JSON.stringify(row)).not.toContain(owner.apiKey);
  });

  it("do only what their permissions say, and name what is missing", async () => {
    const reader = await createTenant({ scopes: ["READ_GRAPH"] });
    expect((await reader.client.call("/api/v1/graphs")).status).toBe(200);
    for (const [path, body, missing] of [
      ["/api/v1/graphs", echoGraph(), "WRITE_GRAPH"],
      ["/api/v1/executions", { graph_id: "g" }, "EXECUTE_GRAPH"],
      ["/api/v1/blocks/x/execute", {}, "EXECUTE_BLOCK"],
      ["/api/v1/blocks", undefined, "READ_BLOCK"],
      [ME, undefined, "IDENTITY"],
    ] as const) {
      const answer = await reader.client.call(path, { body });
      expect([answer.status, answer.body]).toMatchObject([
        403,
        {
          error: {
            code: "missing_permission",
            message: `Missing required permission(s): ${missing}`,
            details: { missing: [missing] },
          },
        },
      ]);
    }
  });
});

describe("sessions", () => {
  it("begin with the right password only, and end on sign-out", async () => {
    const browser = await signIn(tenant);
    const me = await browser.call(ME);
    expect([me.status, me.body]).toMatchObject([200, { via: "session", user: { id: tenant.userId } }]);
    const wrong = await signIn({ ...tenant, password: "not the password" });
    expect((await wrong.call(ME)).status).toBe(401);
    const out = await browser.fetch("/api/auth/sign-out", { body: {}, headers: { origin: ORIGIN } });
    expect(out.status).toBe(200);
    expect((await browser.call(ME)).status).toBe(401);
  });

  it("set a cookie that scripts and other sites do not get", async () => {
    const answer = await new ApiClient().fetch("/api/auth/sign-in/email", {
      body: { email: tenant.email, password: tenant.password },
      headers: { origin: ORIGIN },
    });
    const [cookie] = answer.headers.getSetCookie().filter((line) => line.includes("session_token"));
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
    expect(cookie).toMatch(/Secure/i);
  });

  it("nobody can sign up", async () => {
    const answer = await new ApiClient().fetch("/api/auth/sign-up/email", {
      body: { email: "new@weft.test", password: "a long password", name: "New" },
      headers: { origin: ORIGIN },
    });
    expect(answer.status).toBe(400);
    expect(
      (await signIn({ ...tenant, email: "new@weft.test", password: "a long password" }).then((c) => c.call(ME))).status,
    ).toBe(401);
  });

  it("change things only from a page of this site", async () => {
    const browser = await signIn(tenant);
    const change = (headers: HeaderValues) => browser.call("/api/v1/graphs", { body: echoGraph(), headers });
    for (const headers of [
      {},
      { origin: "https://evil.test" },
      { origin: "null" },
      { origin: `${ORIGIN}.evil.test` },
    ]) {
      const answer = await change(headers);
      expect([answer.status, answer.body]).toMatchObject([403, { error: { code: "cross_origin" } }]);
    }
    expect((await change({ origin: ORIGIN })).status).toBe(201);
  });

  it("open a WebSocket only for a page of this site", async () => {
    const browser = await signIn(tenant);
    const path = `/api/v1/executions/${crypto.randomUUID()}/live`;
    const foreign = await browser.call(path, { headers: { upgrade: "websocket", origin: "https://evil.test" } });
    expect([foreign.status, foreign.body]).toMatchObject([403, { error: { code: "cross_origin" } }]);
    expect((await browser.call(path, { headers: { upgrade: "websocket", origin: ORIGIN } })).status).toBe(404);
  });

  it("cannot be guessed at speed", async () => {
    const guess = () =>
      new ApiClient().fetch("/api/auth/sign-in/email", {
        body: { email: "somebody@weft.test", password: "a guess" },
        headers: { origin: ORIGIN, "cf-connecting-ip": "203.0.113.9" },
      });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 21; attempt++) {
      statuses.push((await guess()).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 401), 429]);
  });

  it("a cookie that was changed is no session", async () => {
    const browser = new ApiClient({ cookie: "__Secure-weft.session_token=abc.def; weft.session_token=abc.def" });
    expect((await browser.call(ME)).status).toBe(401);
  });

  it("without a secret nobody can sign in, while keys work", async () => {
    const env = { ...testEnv, WEFT_SECRET: "too short" };
    const answer = await new ApiClient({}, { env }).call("/api/auth/sign-in/email", { body: {} });
    expect([answer.status, answer.body]).toMatchObject([503, { error: { code: "sign_in_not_configured" } }]);
    expect((await new ApiClient({ "x-api-key": tenant.apiKey }, { env }).call(ME)).status).toBe(200);
  });
});

describe("bootstrap", () => {
  it("is closed without the token, and does not exist unless one is set", async () => {
    const path = "/internal/bootstrap";
    for (const headers of [
      {},
      { authorization: "Bearer wrong" },
      { authorization: BOOTSTRAP_TOKEN },
      { "x-api-key": tenant.apiKey },
    ]) {
      expect((await new ApiClient(headers).call(path, { method: "POST" })).status).toBe(401);
    }
    const env = { ...testEnv, WEFT_BOOTSTRAP_TOKEN: undefined };
    for (const authorization of ["Bearer ", "Bearer undefined", `Bearer ${BOOTSTRAP_TOKEN}`]) {
      expect((await new ApiClient({ authorization }, { env }).call(path, { method: "POST" })).status).toBe(404);
    }
  });
});
