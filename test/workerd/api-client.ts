import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { v7 as uuidv7 } from "uuid";
import { createApiKey } from "#worker/auth/api-key.ts";
import { hashPassword } from "#worker/auth/password-hash.ts";
import { createApp, createDeps } from "#worker/compose.ts";
import { PERMISSIONS } from "#worker/contracts/permission.ts";
import type { Permission } from "#worker/contracts/permission.ts";
import { insertOwner } from "#worker/db/owner-records.ts";
import type { Env } from "#worker/env.ts";
import type { ServiceDeps } from "#worker/services/service-deps.ts";

export const ORIGIN = "https://weft.test";
export const BOOTSTRAP_TOKEN = "bootstrap-token-of-the-tests";

/** The real bindings of the test runtime, with the secrets that a deployment has. */
export const testEnv: Env = {
  ...(bindings as unknown as Env),
  WEFT_SECRET: "a secret of more than thirty-two characters",
  WEFT_BOOTSTRAP_TOKEN: BOOTSTRAP_TOKEN,
};

/** Where runs are in the API. */
export const RUNS = "/api/v1/executions";

/** What the API answers instead of what was asked for. */
export interface Failure {
  error: { code: string; message: string; details: Record<string, unknown> };
}

export interface Answer<T = unknown> {
  status: number;
  headers: Headers;
  body: T;
}

/** A header that is undefined is not sent. */
export type HeaderValues = Record<string, string | undefined>;

export interface Call {
  method?: string;
  body?: unknown;
  headers?: HeaderValues;
}

/** The whole app as it is composed in the Worker, with what a test wants otherwise. */
export class ApiClient {
  readonly deps: ServiceDeps;
  readonly #app: ReturnType<typeof createApp>;
  readonly #headers: HeaderValues;

  constructor(headers: HeaderValues = {}, change: Partial<ServiceDeps> = {}) {
    this.deps = { ...createDeps(change.env ?? testEnv), ...change };
    this.#app = createApp(this.deps);
    this.#headers = headers;
  }

  /** The raw answer. Work that it left behind has ended when this returns, except where the body is a stream. */
  async fetch(path: string, call: Call = {}): Promise<Response> {
    const json = call.body !== undefined && !(call.body instanceof ReadableStream) && typeof call.body !== "string";
    const headers = new Headers(call.body === undefined ? {} : { "content-type": "application/json" });
    for (const [name, value] of Object.entries({ ...this.#headers, ...call.headers })) {
      if (value !== undefined) {
        headers.set(name, value);
      }
    }
    const request = new Request(new URL(path, ORIGIN), {
      method: call.method ?? (call.body === undefined ? "GET" : "POST"),
      headers,
      body: json ? JSON.stringify(call.body) : (call.body as string | ReadableStream | undefined),
    });
    const ctx = createExecutionContext();
    const response = await this.#app.fetch(request, this.deps.env, ctx);
    await waitOnExecutionContext(ctx);
    return response;
  }

  async call<T = Record<string, unknown>>(path: string, call: Call = {}): Promise<Answer<T>> {
    const response = await this.fetch(path, call);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text === "" ? null : JSON.parse(text)) as T };
  }
}

export interface Tenant {
  workspaceId: string;
  userId: string;
  email: string;
  password: string;
  apiKey: string;
  apiKeyId: string;
  client: ApiClient;
}

/** A person with a workspace and a key of their own. */
export async function createTenant(
  options: { scopes?: Permission[]; change?: Partial<ServiceDeps> } = {},
): Promise<Tenant> {
  const { token, ...stored } = createApiKey();
  const [userId, workspaceId, apiKeyId] = [uuidv7(), uuidv7(), uuidv7()];
  const [email, password] = [`${userId}@weft.test`, `password of ${userId}`];
  const at = Date.now();
  const client = new ApiClient({ "x-api-key": token }, options.change);
  await insertOwner(
    client.deps.db,
    {
      userId,
      workspaceId,
      accountId: uuidv7(),
      name: "Test",
      email,
      passwordHash: await hashPassword(password),
      workspaceName: "Tests",
      at,
    },
    { ...stored, id: apiKeyId, workspaceId, userId, name: "Test", scopes: options.scopes ?? [...PERMISSIONS], at },
  );
  return { workspaceId, userId, email, password, apiKey: token, apiKeyId, client };
}

/** Signs in as a browser does; the result is a client with the session cookie. */
export async function signIn(tenant: Tenant, origin = ORIGIN): Promise<ApiClient> {
  const answer = await new ApiClient().fetch("/api/auth/sign-in/email", {
    body: { email: tenant.email, password: tenant.password },
    headers: { origin },
  });
  await answer.text();
  const cookie = answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  return new ApiClient({ cookie });
}
