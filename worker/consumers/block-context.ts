import { BlockError } from "#blocks/define-block.ts";
import type { Cancellation } from "#blocks/cancellation.ts";
import type { BlockContext, Fetch, ProviderCredential } from "#blocks/define-block.ts";
import { priceOf } from "#blocks/ai/call-cost.ts";
import { MODEL_PROVIDERS } from "#blocks/ai/model-prices.ts";
import type { PriceList } from "#blocks/ai/model-prices.ts";
import { readModelPrices } from "#blocks/ai/read-model-prices.ts";
import type { OwnPrices } from "#blocks/ai/read-model-prices.ts";
import type { Lease } from "#durable-objects/execution/protocol.ts";
import { errorMessage, log } from "#durable-objects/logger.ts";
import type { NodeUsage } from "#graph/run/event.ts";
import type { Resume } from "#graph/run/wait.ts";
import { callbackToken } from "#worker/auth/callback-token.ts";
import { guardedFetch } from "#worker/egress/create-egress.ts";
import { createGuard } from "#worker/egress/guard.ts";
import type { Guard } from "#worker/egress/guard.ts";
import { requestWhole } from "#worker/egress/request-whole.ts";
import type { Env } from "../env.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { sleep } from "./sleep.ts";

/** What the deployment's environment gives blocks: provider keys and the private hosts they may reach. */
export type BlockEnv = Pick<
  Env,
  | "WEFT_EGRESS_ALLOW"
  | "WEFT_PUBLIC_URL"
  | "WEFT_SECRET"
  | "WEFT_MODEL_PRICES"
  | "OPENAI_API_KEY"
  | "OPENAI_BASE_URL"
  | "ANTHROPIC_API_KEY"
  | "ANTHROPIC_BASE_URL"
>;

export interface BlockContextOptions {
  env: BlockEnv;
  cancellation: Cancellation;
  /** Default: the system's. */
  clock?: Pick<Clock, "after">;
  idempotencyKey: string;
  run: BlockContext["run"];
  resume?: Resume | null;
  /** What the node's retry policy still allows. Default: nothing. */
  retries?: Pick<Lease, "retries_left" | "retry_on">;
  /** Called with every addition to the usage. */
  onUsage: (add: NodeUsage) => void;
}

/** The real context that blocks run with, in consumers and for single-block calls alike. */
export function createBlockContext(options: BlockContextOptions): BlockContext {
  const { env, cancellation, idempotencyKey, run, onUsage, resume = null, retries = {} } = options;
  const clock = options.clock ?? systemClock;
  const after: Clock["after"] = (ms, work) => clock.after(ms, work);
  const names = { execution_id: run.executionId, node_execution_id: run.nodeExecutionId, node_id: run.nodeId };
  const egress = egressFor(env.WEFT_EGRESS_ALLOW ?? "");
  return {
    fetch: egress.fetch,
    request: (url, request) => requestWhole(egress.guard, { ...request, url }, { cancellation, after }),
    get signal() {
      return cancellation.signal;
    },
    idempotencyKey,
    run,
    resume,
    retriesLeft: (code) => (retries.retry_on?.includes(code) === false ? 0 : (retries.retries_left ?? 0)),
    credential: async (provider) => providerCredential(env, provider),
    modelPrice: (provider, model) => priceOf(ownPrices(env.WEFT_MODEL_PRICES ?? "", provider), model),
    usage: onUsage,
    callbackUrl: () => callbackUrl(env, run),
    now: () => Date.now(),
    random: () => Math.random(),
    sleep: (ms) => sleep(ms, cancellation, after),
    logger: {
      info: (message, data) => log("info", message, { ...names, ...data }),
      warn: (message, data) => log("warn", message, { ...names, ...data }),
    },
  };
}

function callbackUrl(env: BlockEnv, { executionId, nodeExecutionId }: BlockContext["run"]): string {
  const { WEFT_PUBLIC_URL: base, WEFT_SECRET: secret } = env;
  if (!base || !secret) {
    throw new BlockError(
      "no_public_url",
      "This deployment does not know the address at which it can be called. Set WEFT_PUBLIC_URL (such as https://weft.example.com) and WEFT_SECRET.",
    );
  }
  return new URL(`/api/v1/callbacks/${callbackToken(secret, { executionId, nodeExecutionId })}`, base).href;
}

let shared: { allow: string; guard: Guard; fetch: Fetch } | undefined;

/** One guard for all blocks of an isolate: what it knows of host names is shared. */
function egressFor(allow: string): { guard: Guard; fetch: Fetch } {
  if (shared?.allow !== allow) {
    const guard = createGuard({ allow });
    shared = { allow, guard, fetch: guardedFetch(guard) };
  }
  return shared;
}

const NO_PRICES: PriceList = new Map();

let prices: { text: string; own: OwnPrices } | undefined;

/** Read once an isolate. What cannot be read is told in its log, and then is as if it were not set: a run must not fail for want of a price. */
function ownPrices(text: string, provider: string): PriceList {
  if (prices?.text !== text) {
    try {
      prices = { text, own: readModelPrices(text) };
    } catch (error) {
      log("error", errorMessage(error));
      prices = { text, own: new Map() };
    }
  }
  const known = MODEL_PROVIDERS.find((name) => name === provider);
  return (known === undefined ? undefined : prices.own.get(known)) ?? NO_PRICES;
}

/** What the deployment has set for a provider. */
export function providerCredential(env: BlockEnv, provider: string): ProviderCredential | undefined {
  const settings: Record<string, [key: string | undefined, baseUrl: string | undefined]> = {
    openai: [env.OPENAI_API_KEY, env.OPENAI_BASE_URL],
    anthropic: [env.ANTHROPIC_API_KEY, env.ANTHROPIC_BASE_URL],
  };
  const [apiKey, baseUrl] = Object.hasOwn(settings, provider) ? (settings[provider] ?? []) : [];
  if (!apiKey && !baseUrl) {
    return undefined;
  }
  return { apiKey: apiKey ?? "", ...(baseUrl ? { baseUrl } : {}) };
}
