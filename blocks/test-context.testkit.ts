import type { NodeUsage } from "#graph/run/event.ts";
import { addUsage } from "#graph/run/usage.ts";
import {
  type BlockContext,
  BlockError,
  type BlockExample,
  type ExampleResponse,
  type Fetch,
  type ModelPrice,
} from "./define-block.ts";
import { seededRandom } from "./math/seeded-random.ts";

export interface TestContext {
  ctx: BlockContext;
  /** Aborts `ctx.signal`. */
  abort: (reason?: unknown) => void;
  /** Answers of the example that nobody asked for. */
  unusedResponses: () => ExampleResponse[];
  logs: { level: "info" | "warn"; message: string; data?: object }[];
  usage: NodeUsage;
}

/** 2026-01-01T00:00:00Z: when the clock of an example starts that names no time. */
const DEFAULT_NOW = 1_767_225_600_000;

/**
 * A context that touches nothing outside: `fetch` gives the example's answers in order and refuses anything else, the clock stands
 * still but for `sleep`, which moves it at once, and `random` gives the example's numbers, then those of a fixed seed.
 */
export function testContext(
  example: Pick<BlockExample, "fetch" | "credentials" | "now" | "random"> & {
    prices?: Record<string, ModelPrice>;
  } = {},
): TestContext {
  const controller = new AbortController();
  const responses = [...(example.fetch ?? [])];
  const randoms = [...(example.random ?? [])];
  const seeded = seededRandom(1);
  const logs: TestContext["logs"] = [];
  const usage: NodeUsage = {};
  let now = example.now ?? DEFAULT_NOW;
  const fetch: Fetch = (input, init) => answer(responses.shift(), new Request(input, init));
  const ctx: BlockContext = {
    fetch,
    request: wholeBy(fetch),
    signal: controller.signal,
    idempotencyKey: "test-idempotency-key",
    credential: async (provider) =>
      example.credentials && Object.hasOwn(example.credentials, provider) ? example.credentials[provider] : undefined,
    modelPrice: (provider, model) => example.prices?.[`${provider}/${model}`],
    usage: (add) => void Object.assign(usage, addUsage(usage, add)),
    now: () => now,
    random: () => randoms.shift() ?? seeded(),
    sleep: async (ms) => {
      controller.signal.throwIfAborted();
      now += ms;
    },
    retriesLeft: () => 0,
    resume: null,
    callbackUrl: () => "https://weft.test/callback",
    logger: {
      info: (message, data) => void logs.push({ level: "info", message, data }),
      warn: (message, data) => void logs.push({ level: "warn", message, data }),
    },
    run: {
      executionId: "test-execution",
      nodeExecutionId: "test-node-execution",
      nodeId: "test-node",
      graphId: "test-graph",
      graphVersion: 1,
      attempt: 1,
    },
  };
  return { ctx, abort: (reason) => controller.abort(reason), unusedResponses: () => responses, logs, usage };
}

/** `ctx.request` by way of a `fetch`. */
export function wholeBy(fetch: Fetch): BlockContext["request"] {
  return async (url, { method = "GET", headers = {}, body, wants = () => true } = {}) => {
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
    return {
      status: response.status,
      headers: response.headers,
      body:
        response.body === null || method === "HEAD" || !wants(response.status) ? null : await response.arrayBuffer(),
    };
  };
}

async function answer(response: ExampleResponse | undefined, request: Request): Promise<Response> {
  const asked = `${request.method} ${request.url}`;
  const expected = response && `${response.method ?? "GET"} ${new URL(response.url).href}`;
  if (response === undefined || asked !== expected) {
    throw new BlockError(
      "unexpected_request",
      `The example expects ${expected ?? "no further request"}, the block sent ${asked}.`,
    );
  }
  const body = response.json === undefined ? response.text : JSON.stringify(response.json);
  const status = response.status ?? 200;
  const headers = new Headers(response.headers);
  if (response.json !== undefined && !headers.has("content-type")) {
    headers.set("content-type", "application/json");
  }
  const result = new Response(status === 204 || status === 304 ? null : (body ?? ""), { status, headers });
  Object.defineProperty(result, "url", { value: response.url });
  return result;
}
