import { roundedCost } from "#graph/run/usage.ts";
import type { ModelPrice } from "../define-block.ts";
import type { ModelReply } from "./model-client.ts";
import type { PriceList } from "./model-prices.ts";

/** Prices are for so many tokens. */
const TOKENS = 1_000_000;

const NOT_LONG = { input: 1, output: 1 };

/** The date at the end of a model's name that says which release of it is meant: `-2026-04-23`, `-20251001`. */
const RELEASE = /-(\d{4}-\d{2}-\d{2}|\d{8})$/;

/** The price of a model: under its very name, else of its releases in general. */
export function priceOf(list: PriceList, model: string): ModelPrice | undefined {
  const name = model.trim().toLowerCase();
  return list.get(name) ?? list.get(name.replace(RELEASE, ""));
}

/** US dollars of one call to a model, to a billionth; undefined when the provider does not say how many tokens it took. */
export function callCost(price: ModelPrice, usage: ModelReply["usage"]): number | undefined {
  const { inputTokens, outputTokens, cachedInputTokens = 0 } = usage;
  if (inputTokens === 0 && outputTokens === 0) {
    return undefined;
  }
  const times = price.long !== undefined && inputTokens > price.long.above ? price.long : NOT_LONG;
  const cached = Math.min(cachedInputTokens, inputTokens);
  const input = (inputTokens - cached) * price.input + cached * (price.cachedInput ?? price.input);
  return roundedCost((input * times.input + outputTokens * price.output * times.output) / TOKENS);
}
