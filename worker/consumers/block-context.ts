import { BlockError } from "#blocks/define-block.ts";
import type { Cancellation } from "#blocks/cancellation.ts";
import type {
  BlockContext,
  Fetch,
  ModelPrice,
  ProviderCredential,
  WholeAnswer,
  WholeRequest,
} from "#blocks/define-block.ts";
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
  return new AttemptContext(options);
}

/** A class, because one is made for every attempt: an object of a dozen functions and a getter takes longer than many a block. */
class AttemptContext implements BlockContext {
  readonly fetch: Fetch;
  readonly idempotencyKey: string;
  readonly run: BlockContext["run"];
  readonly resume: Resume | null;
  readonly #options: BlockContextOptions;
  readonly #guard: Guard;

  constructor(options: BlockContextOptions) {
    const egress = egressFor(options.env.WEFT_EGRESS_ALLOW ?? "");
    this.fetch = egress.fetch;
    this.idempotencyKey = options.idempotencyKey;
    this.run = options.run;
    this.resume = options.resume ?? null;
    this.#guard = egress.guard;
    this.#options = options;
  }

  request(url: string, request?: WholeRequest): Promise<WholeAnswer> {
    const { cancellation } = this.#options;
    return requestWhole(this.#guard, { ...request, url }, { cancellation, after: this.#after });
  }

  get signal(): AbortSignal {
    return this.#options.cancellation.signal;
  }

  retriesLeft(code: string): number {
    const { retries = {} } = this.#options;
    return retries.retry_on?.includes(code) === false ? 0 : (retries.retries_left ?? 0);
  }

  async credential(provider: string): Promise<ProviderCredential | undefined> {
    return providerCredential(this.#options.env, provider);
  }

  modelPrice(provider: string, model: string): ModelPrice | undefined {
    return priceOf(ownPrices(this.#options.env.WEFT_MODEL_PRICES ?? "", provider), model);
  }

  usage(add: NodeUsage): void {
    this.#options.onUsage(add);
  }

  callbackUrl(): string {
    return callbackUrl(this.#options.env, this.run);
  }

  now(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  sleep(ms: number): Promise<void> {
    return sleep(ms, this.#options.cancellation, this.#after);
  }

  get logger(): BlockContext["logger"] {
    const { executionId: execution_id, nodeExecutionId: node_execution_id, nodeId: node_id } = this.run;
    const names = { execution_id, node_execution_id, node_id };
    return {
      info: (message, data) => log("info", message, { ...names, ...data }),
      warn: (message, data) => log("warn", message, { ...names, ...data }),
    };
  }

  get #after(): Clock["after"] {
    const { clock = systemClock } = this.#options;
    return (ms, work) => clock.after(ms, work);
  }
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
