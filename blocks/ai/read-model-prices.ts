import type { ModelPrice } from "../define-block.ts";
import { MODEL_PROVIDERS } from "./model-prices.ts";
import type { ModelProvider, PriceList } from "./model-prices.ts";

/** The prices that the owner of a deployment sets. */
export type OwnPrices = ReadonlyMap<ModelProvider, PriceList>;

const EXAMPLE = '{"openai": {"gpt-4o": {"input": 2.5, "output": 10, "cached_input": 1.25}}}';

/** No model costs a dollar a token: a number beyond that is one in another unit. */
const MAX_PRICE = 1_000_000;

/**
 * Reads WEFT_MODEL_PRICES: JSON, by provider and by the model's name the US dollars for a million tokens. Empty: none. Without zod, because the
 * starter reads it too. @throws Error whose message says what is wrong, where, and how it is written
 */
export function readModelPrices(text: string): OwnPrices {
  const prices = new Map<ModelProvider, PriceList>();
  if (text.trim() === "") {
    return prices;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
  for (const [provider, models] of Object.entries(objectAt(json, "the whole"))) {
    const known = MODEL_PROVIDERS.find((name) => name === provider);
    if (known === undefined) {
      throw invalid(`${JSON.stringify(provider)} is none of ${MODEL_PROVIDERS.join(", ")}`);
    }
    const list = Object.entries(objectAt(models, provider)).map(([model, price]): [string, ModelPrice] => [
      model.toLowerCase(),
      priceAt(price, `${provider}.${model}`),
    ]);
    prices.set(known, new Map(list));
  }
  return prices;
}

function priceAt(json: unknown, where: string): ModelPrice {
  const { input, output, cached_input, ...more } = objectAt(json, where);
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) {
    throw invalid(`${where} has ${JSON.stringify(unknown)}, which means nothing`);
  }
  const price = { input: dollarsAt(input, `${where}.input`), output: dollarsAt(output, `${where}.output`) };
  return cached_input === undefined
    ? price
    : { ...price, cachedInput: dollarsAt(cached_input, `${where}.cached_input`) };
}

function dollarsAt(json: unknown, where: string): number {
  if (typeof json !== "number" || !(json >= 0 && json <= MAX_PRICE)) {
    throw invalid(`${where} is no number from 0 to ${MAX_PRICE}`);
  }
  return json;
}

function objectAt(json: unknown, where: string): Record<string, unknown> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalid(`${where} is no object`);
  }
  return json as Record<string, unknown>;
}

function invalid(what: string): Error {
  return new Error(
    `WEFT_MODEL_PRICES cannot be used: ${what}. Write US dollars for a million tokens by provider and model, such as ${EXAMPLE}.`,
  );
}
