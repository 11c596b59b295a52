import type { ModelPrice } from "../define-block.ts";

/** Who a model is asked at; the names under which the owner of a deployment gives prices. */
export const MODEL_PROVIDERS = ["openai", "anthropic", "ollama"] as const;
export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/** By the model's name. */
export type PriceList = ReadonlyMap<string, ModelPrice>;

/** OpenAI bills a request whose prompt is longer than this at twice the price of input and one and a half that of output. */
const LONG_GPT = { above: 272_000, input: 2, output: 1.5 };

/**
 * List prices in US dollars a million tokens, as OpenAI (developers.openai.com/api/docs/pricing) and Anthropic
 * (platform.claude.com/docs/en/about-claude/pricing) published them for standard requests in November 2026. They may be old by the time that they are
 * used: WEFT_MODEL_PRICES replaces them. Not in them are batches, fast and regional processing, and what is negotiated. Models that somebody runs
 * by himself have no price here.
 */
export const LIST_PRICES: Readonly<Record<ModelProvider, PriceList>> = {
  openai: listOf({
    "gpt-6-astra": { input: 10, cachedInput: 1, output: 50, long: LONG_GPT },
    "gpt-6.1-sol": { input: 2, cachedInput: 0.1, output: 10, long: LONG_GPT },
    "gpt-6.1-terra": { input: 1, cachedInput: 0.05, output: 5, long: LONG_GPT },
    "gpt-6-sol": { input: 2, cachedInput: 0.2, output: 10, long: LONG_GPT },
    "gpt-6-luna": { input: 0.1, cachedInput: 0.01, output: 0.5, long: LONG_GPT },
    "gpt-5.6": { input: 4, cachedInput: 0.4, output: 20, long: LONG_GPT },
    "gpt-5.6-sol": { input: 4, cachedInput: 0.4, output: 20, long: LONG_GPT },
    "gpt-5.6-terra": { input: 2, cachedInput: 0.2, output: 12, long: LONG_GPT },
    "gpt-5.6-luna": { input: 0.2, cachedInput: 0.02, output: 1.2, long: LONG_GPT },
    "gpt-5.5": { input: 5, cachedInput: 0.5, output: 30, long: LONG_GPT },
    "gpt-5.4": { input: 2.5, cachedInput: 0.25, output: 15, long: LONG_GPT },
    "gpt-5.4-mini": { input: 0.75, cachedInput: 0.075, output: 4.5 },
    "gpt-5.4-nano": { input: 0.2, cachedInput: 0.02, output: 1.25 },
    "gpt-5.2": { input: 1.75, cachedInput: 0.175, output: 14 },
    "gpt-5.1": { input: 1.25, cachedInput: 0.125, output: 10 },
    "gpt-5": { input: 1.25, cachedInput: 0.125, output: 10 },
    "gpt-5-mini": { input: 0.25, cachedInput: 0.025, output: 2 },
    "gpt-5-nano": { input: 0.05, cachedInput: 0.005, output: 0.4 },
    "gpt-4.1": { input: 2, cachedInput: 0.5, output: 8 },
    "gpt-4.1-mini": { input: 0.4, cachedInput: 0.1, output: 1.6 },
    "gpt-4.1-nano": { input: 0.1, cachedInput: 0.025, output: 0.4 },
    "gpt-4o": { input: 2.5, cachedInput: 1.25, output: 10 },
    "gpt-4o-2024-05-13": { input: 5, output: 15 },
    "gpt-4o-mini": { input: 0.15, cachedInput: 0.075, output: 0.6 },
    o3: { input: 2, cachedInput: 0.5, output: 8 },
    "o4-mini": { input: 1.1, cachedInput: 0.275, output: 4.4 },
    "o3-mini": { input: 1.1, cachedInput: 0.55, output: 4.4 },
  }),
  anthropic: listOf({
    "claude-fable-5-1": { input: 10, cachedInput: 0.25, output: 50 },
    "claude-fable-5": { input: 10, cachedInput: 1, output: 50 },
    "claude-opus-5-5": { input: 4, cachedInput: 0.2, output: 20 },
    "claude-opus-5": { input: 5, cachedInput: 0.5, output: 25 },
    "claude-opus-4-8": { input: 5, cachedInput: 0.5, output: 25 },
    "claude-opus-4-7": { input: 5, cachedInput: 0.5, output: 25 },
    "claude-opus-4-6": { input: 5, cachedInput: 0.5, output: 25 },
    "claude-opus-4-5": { input: 5, cachedInput: 0.5, output: 25 },
    "claude-sonnet-5-5": { input: 2, cachedInput: 0.1, output: 10 },
    "claude-sonnet-5": { input: 2, cachedInput: 0.2, output: 10 },
    "claude-sonnet-4-6": { input: 3, cachedInput: 0.3, output: 15 },
    "claude-sonnet-4-5": { input: 3, cachedInput: 0.3, output: 15 },
    "claude-haiku-5-5": { input: 0.1, cachedInput: 0.01, output: 0.5, long: { above: 100_000, input: 5, output: 5 } },
    "claude-haiku-4-5": { input: 1, cachedInput: 0.1, output: 5 },
  }),
  ollama: listOf({}),
};

function listOf(prices: Record<string, ModelPrice>): PriceList {
  return new Map(Object.entries(prices));
}
