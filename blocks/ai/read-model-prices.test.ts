import { expect, it } from "vitest";
import { priceOf } from "./call-cost.ts";
import { readModelPrices } from "./read-model-prices.ts";

it("reads prices by provider and model, whatever the case of their names", () => {
  const own = readModelPrices(
    '{"openai": {"GPT-4o": {"input": 1, "output": 2, "cached_input": 0.5}}, "ollama": {"qwen3:8b": {"input": 0, "output": 0}}}',
  );
  const openai = own.get("openai") ?? new Map();
  expect(priceOf(openai, "gpt-4o")).toEqual({ input: 1, output: 2, cachedInput: 0.5 });
  expect(priceOf(openai, "gpt-4o-2024-11-20")).toEqual({ input: 1, output: 2, cachedInput: 0.5 });
  expect(priceOf(openai, "__proto__")).toBeUndefined();
  expect(priceOf(own.get("ollama") ?? new Map(), "qwen3:8b")).toEqual({ input: 0, output: 0 });
  expect(own.get("anthropic")).toBeUndefined();
});

it.each(["", "  "])("has none when nothing is set", (text) => {
  expect(readModelPrices(text).size).toBe(0);
});

it.each([
  ["{", "it is not JSON"],
  ["[]", "the whole is no object"],
  ['{"azure": {}}', '"azure" is none of openai, anthropic, ollama'],
  ['{"constructor": {}}', '"constructor" is none of'],
  ['{"openai": 3}', "openai is no object"],
  ['{"openai": {"m": null}}', "openai.m is no object"],
  ['{"openai": {"m": {"input": 1}}}', "openai.m.output is no number from 0 to 1000000"],
  ['{"openai": {"m": {"input": -1, "output": 1}}}', "openai.m.input is no number"],
  ['{"openai": {"m": {"input": "1", "output": 1}}}', "openai.m.input is no number"],
  ['{"openai": {"m": {"input": 1, "output": 1e9}}}', "openai.m.output is no number"],
  ['{"openai": {"m": {"input": 1, "output": 1, "cached_input": null}}}', "openai.m.cached_input is no number"],
  ['{"openai": {"m": {"input": 1, "output": 1, "cachedInput": 1}}}', 'openai.m has "cachedInput", which means nothing'],
])("refuses %s and says why and how it is written", (text, why) => {
  expect(() => readModelPrices(text)).toThrow(why);
  expect(() => readModelPrices(text)).toThrow(/WEFT_MODEL_PRICES.*"input": 2.5/);
});
