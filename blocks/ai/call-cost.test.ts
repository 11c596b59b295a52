import { describe, expect, it } from "vitest";
import type { ProviderCredential } from "../define-block.ts";
import { runBlock } from "../run-block.ts";
import { testContext } from "../test-context.testkit.ts";
import aiTextGenerator from "./ai-text-generator.ts";
import { callCost, priceOf } from "./call-cost.ts";
import { LIST_PRICES } from "./model-prices.ts";

const MILLION = { inputTokens: 1_000_000, outputTokens: 1_000_000 };

describe("the cost of a call", () => {
  it.each([
    [{ input: 2.5, output: 10 }, MILLION, 12.5],
    [{ input: 2.5, output: 10 }, { inputTokens: 5, outputTokens: 2 }, 0.000_032_5],
    [{ input: 2.5, output: 10, cachedInput: 1 }, { ...MILLION, cachedInputTokens: 400_000 }, 11.9],
    [{ input: 2.5, output: 10 }, { ...MILLION, cachedInputTokens: 400_000 }, 12.5],
    [{ input: 0.05, output: 0.4 }, { inputTokens: 1, outputTokens: 0 }, 0.000_000_05],
    [{ input: 0, output: 0 }, MILLION, 0],
  ])("at %j of %j is $%d", (price, usage, cost) => {
    expect(callCost(price, usage)).toBe(cost);
  });

  it("is more for the whole of a long request, and for none at the limit", () => {
    const price = { input: 1, cachedInput: 0.1, output: 5, long: { above: 100_000, input: 2, output: 1.5 } };
    expect(callCost(price, { inputTokens: 100_000, outputTokens: 1_000 })).toBe(0.105);
    expect(callCost(price, { inputTokens: 100_001, outputTokens: 1_000 })).toBe(0.207_502);
  });

  it("is not known when the provider does not say how many tokens it took", () => {
    expect(callCost({ input: 1, output: 1 }, { inputTokens: 0, outputTokens: 0 })).toBeUndefined();
  });
});

describe("the list of prices", () => {
  it.each([
    ["gpt-4o", 2.5],
    [" GPT-4o-2024-11-20 ", 2.5],
    ["gpt-4o-2024-05-13", 5],
    ["gpt-4o-mini", 0.15],
    ["gpt-4o-audio-preview", undefined],
    ["gpt-4", undefined],
    ["constructor", undefined],
  ])("of OpenAI has %s at %s", (model, input) => {
    expect(priceOf(LIST_PRICES.openai, model)?.input).toBe(input);
  });

  it("knows releases of Claude by their date", () => {
    expect(priceOf(LIST_PRICES.anthropic, "claude-opus-4-5-20251101")).toMatchObject({ input: 5, output: 25 });
    expect(priceOf(LIST_PRICES.anthropic, "claude-x")).toBeUndefined();
  });

  it("has cheaper input than output everywhere, and what was cached cheaper still", () => {
    for (const list of Object.values(LIST_PRICES)) {
      for (const [model, { input, output, cachedInput = 0 }] of list) {
        expect(cachedInput < input && input < output, model).toBe(true);
      }
    }
  });
});

function openAi(tokens: { prompt: number; completion: number; cached?: number }): string {
  const chunk = (choices: object[], usage: object | null) =>
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices, usage })}\n\n`;
  const usage = {
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.completion,
    prompt_tokens_details: { cached_tokens: tokens.cached ?? 0 },
  };
  return `${chunk([{ index: 0, delta: { content: "Hi." }, finish_reason: "stop" }], null)}${chunk([], usage)}data: [DONE]\n\n`;
}

function anthropic(tokens: { input: number; output: number; cacheRead: number; cacheWrite: number }): string {
  const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const usage = {
    input_tokens: tokens.input,
    output_tokens: 1,
    cache_read_input_tokens: tokens.cacheRead,
    cache_creation_input_tokens: tokens.cacheWrite,
  };
  return [
    event("message_start", {
      message: { id: "m", type: "message", role: "assistant", model: "m", content: [], usage, stop_reason: null },
    }),
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "Hi." } }),
    event("content_block_stop", { index: 0 }),
    event("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: tokens.output },
    }),
    event("message_stop", {}),
  ].join("");
}

interface Asked {
  model: string;
  url: string;
  text: string;
  credentials: Record<string, ProviderCredential>;
  prices?: Record<string, { input: number; output: number }>;
  ollama_host?: string;
}

async function usageOf({ model, url, text, credentials, prices = {}, ollama_host }: Asked) {
  const answer = { url, method: "POST", headers: { "content-type": "text/event-stream" }, text };
  const { ctx, usage } = testContext({ fetch: [answer], credentials, prices });
  const data = { prompt: "x", model, ...(ollama_host === undefined ? {} : { ollama_host }) };
  for await (const _ of runBlock(aiTextGenerator, { input_default: {}, data }, ctx));
  return usage;
}

const KEY = { apiKey: "k" };
const OPENAI = "https://api.openai.com/v1/chat/completions";

describe("a block that asks a model", () => {
  const text = openAi({ prompt: 1_000, completion: 100, cached: 400 });
  const tokens = { input_tokens: 1_000, output_tokens: 100, calls: 1 };

  it("pays the list price at the provider's own address", async () => {
    const credentials = { openai: KEY };
    const paid = { ...tokens, cost_usd: 0.003 };
    expect(await usageOf({ model: "gpt-4o", url: OPENAI, text, credentials })).toEqual(paid);
    const named = { openai: { ...KEY, baseUrl: "https://api.openai.com/v1/" } };
    expect(await usageOf({ model: "gpt-4o", url: OPENAI, text, credentials: named })).toEqual(paid);
  });

  it("pays Anthropic for what is read from the cache and what is written to it", async () => {
    const usage = await usageOf({
      model: "claude-haiku-4-5-20251001",
      url: "https://api.anthropic.com/v1/messages",
      text: anthropic({ input: 100, output: 10, cacheRead: 1_000, cacheWrite: 50 }),
      credentials: { anthropic: KEY },
    });
    expect(usage).toEqual({ input_tokens: 1_150, output_tokens: 10, calls: 1, cost_usd: 0.0003 });
  });

  it("pays what the owner of the deployment says, wherever the model is", async () => {
    const prices = { "openai/gpt-4o": { input: 1, output: 1 } };
    expect(await usageOf({ model: "gpt-4o", url: OPENAI, text, credentials: { openai: KEY }, prices })).toMatchObject({
      cost_usd: 0.0011,
    });
    const own = { openai: { ...KEY, baseUrl: "https://models.example/v1" } };
    const url = "https://models.example/v1/chat/completions";
    expect(await usageOf({ model: "gpt-4o", url, text, credentials: own, prices })).toMatchObject({ cost_usd: 0.0011 });
  });

  it("[US3] knows no cost of a model without a price, of another server and of Ollama", async () => {
    const unknown = await usageOf({ model: "gpt-none", url: OPENAI, text, credentials: { openai: KEY } });
    expect(unknown).toEqual(tokens);
    const elsewhere = await usageOf({
      model: "gpt-4o",
      url: "https://models.example/v1/chat/completions",
      text,
      credentials: { openai: { ...KEY, baseUrl: "https://models.example/v1" } },
    });
    expect(elsewhere).toEqual(tokens);
    const url = "http://box.example:11434/v1/chat/completions";
    const ollama_host = "box.example:11434";
    expect(await usageOf({ model: "gpt-4o", url, text, credentials: {}, ollama_host })).toEqual(tokens);
    const silent = openAi({ prompt: 0, completion: 0 });
    expect(
      await usageOf({ model: "gpt-4o", url: OPENAI, text: silent, credentials: { openai: KEY } }),
    ).not.toHaveProperty("cost_usd");
  });
});
