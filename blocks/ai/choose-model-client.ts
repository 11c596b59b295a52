import { BlockError } from "#blocks/define-block.ts";
import type { BlockContext, ProviderCredential } from "#blocks/define-block.ts";
import { anthropicClient } from "./anthropic-client.ts";
import type { ModelClient } from "./model-client.ts";
import type { ModelProvider } from "./model-prices.ts";
import { openAiClient } from "./openai-client.ts";

/** Where Ollama listens when nobody says otherwise; the default of the `ollama_host` pin (autogpt.md §6.2). */
export const DEFAULT_OLLAMA_HOST = "localhost:11434";

/** Names that mean a model at Ollama in agents from AutoGPT (autogpt.md §6.2, model catalog). */
const OLLAMA_MODELS: ReadonlySet<string> = new Set([
  "llama3",
  "llama3.2",
  "llama3.3",
  "llama3.1:405b",
  "dolphin-mistral:latest",
]);
const OLLAMA_PREFIX = "ollama/";

/** Whose credentials `chooseModelClient` may ask for. */
export const MODEL_PROVIDERS = ["openai", "anthropic", "ollama"] as const;

export interface ChosenModel {
  client: ModelClient;
  /** The name that the provider knows the model by. */
  model: string;
  provider: ModelProvider;
  /** It is asked at the provider's own address, where the provider's list prices are those to pay. */
  atList: boolean;
}

/**
 * The client for a model, by its name: `claude…` goes to Anthropic; `ollama/…`, any model when the `ollama_host` pin is not the
 * default, and AutoGPT's Ollama models (while no OPENAI_BASE_URL is set) go to Ollama; everything else to OpenAI or what OPENAI_BASE_URL
 * names. Throws BlockError `missing_credential`, or `invalid_ollama_host`.
 */
export async function chooseModelClient(
  ctx: BlockContext,
  wish: { model: string; ollamaHost: string },
): Promise<ChosenModel> {
  const model = wish.model.trim();
  if (model === "") {
    throw new BlockError(
      "missing_model",
      "No model is named. Write one on the pin model, for example gpt-4o or claude-sonnet-5-5.",
      { retryable: false },
    );
  }
  if (/^claude/i.test(model)) {
    const credential = await required(ctx, { provider: "anthropic", name: "Anthropic", variable: "ANTHROPIC" });
    return {
      model,
      client: anthropicClient({ ...endpointOf("Anthropic", credential), fetch: ctx.fetch }),
      provider: "anthropic",
      atList: isAt("api.anthropic.com", credential),
    };
  }
  const openai = await ctx.credential("openai");
  if (isOllama(model, wish.ollamaHost, openai)) {
    return {
      model: model.startsWith(OLLAMA_PREFIX) ? model.slice(OLLAMA_PREFIX.length) : model,
      client: await ollamaClient(ctx, wish.ollamaHost),
      provider: "ollama",
      atList: false,
    };
  }
  const credential = await required(ctx, { provider: "openai", name: "OpenAI", variable: "OPENAI" });
  return {
    model,
    client: openAiClient({ ...endpointOf("OpenAI", credential), fetch: ctx.fetch }),
    provider: "openai",
    atList: isAt("api.openai.com", credential),
  };
}

/** Another server that speaks the protocol has prices of its own, if any. */
function isAt(host: string, { baseUrl }: ProviderCredential): boolean {
  return baseUrl === undefined || URL.parse(baseUrl)?.host === host;
}

function isOllama(model: string, host: string, openai: ProviderCredential | undefined): boolean {
  return (
    model.startsWith(OLLAMA_PREFIX) ||
    (host.trim() !== "" && host.trim() !== DEFAULT_OLLAMA_HOST) ||
    (OLLAMA_MODELS.has(model) && openai?.baseUrl === undefined)
  );
}

function endpointOf(name: string, credential: ProviderCredential) {
  const custom = credential.baseUrl === undefined ? name : `The model server (${name} protocol)`;
  return { name: custom, apiKey: credential.apiKey, baseUrl: credential.baseUrl };
}

async function required(
  ctx: BlockContext,
  about: { provider: string; name: string; variable: string },
): Promise<ProviderCredential> {
  const credential = await ctx.credential(about.provider);
  // A server of one's own may want no key.
  if (credential === undefined || (credential.apiKey === "" && credential.baseUrl === undefined)) {
    throw new BlockError(
      "missing_credential",
      `No key for ${about.name} is set. Set the environment variable ${about.variable}_API_KEY, or ${about.variable}_BASE_URL for a server that ` +
        "speaks the same protocol. To try it without a key, start `npm run weft -- fake-llm` and set what it prints.",
      { retryable: false },
    );
  }
  return credential;
}

/** Ollama's OpenAI-compatible endpoint. A key is sent only to the host that it was set for. */
async function ollamaClient(ctx: BlockContext, pin: string): Promise<ModelClient> {
  const credential = await ctx.credential("ollama");
  const byPin = pin.trim() !== "" && pin.trim() !== DEFAULT_OLLAMA_HOST;
  const configured = byPin ? undefined : credential?.baseUrl;
  const host = configured ?? (byPin ? pin.trim() : DEFAULT_OLLAMA_HOST);
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(host) ? host : `http://${host}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new BlockError(
      "invalid_ollama_host",
      `${JSON.stringify(host)} is not the address of an Ollama server. Write it like ${DEFAULT_OLLAMA_HOST}.`,
      { retryable: false },
    );
  }
  const path = url.pathname.replace(/\/+$/, "");
  return openAiClient({
    name: `The Ollama server ${url.host}`,
    apiKey: configured === undefined ? "" : (credential?.apiKey ?? ""),
    baseUrl: `${url.origin}${path.endsWith("/v1") ? path : `${path}/v1`}`,
    fetch: ctx.fetch,
  });
}
