import type { BlockContext } from "#blocks/define-block.ts";
import { BlockError } from "#blocks/define-block.ts";
import { callCost, priceOf } from "./call-cost.ts";
import { chooseModelClient } from "./choose-model-client.ts";
import type { ModelMessage, ModelReply, ModelRequest } from "./model-client.ts";
import { LIST_PRICES } from "./model-prices.ts";

export type Ask = (messages: ModelMessage[], format?: ModelRequest["format"]) => Promise<ModelReply>;

/**
 * A function that sends a conversation to the chosen model and counts the tokens of each call, and what it costs where a price is known: the
 * owner's, else the provider's list price. Throws what `chooseModelClient` and
 * `ModelClient.generate` throw, and BlockError `model_refused` when the model declines.
 */
export async function modelAsker(
  ctx: BlockContext,
  wish: { model: string; ollamaHost: string; maxTokens: number | null },
): Promise<Ask> {
  const { client, model, provider, atList } = await chooseModelClient(ctx, wish);
  const price = ctx.modelPrice(provider, model) ?? (atList ? priceOf(LIST_PRICES[provider], model) : undefined);
  let calls = 0;
  return async (messages, format) => {
    calls += 1;
    const reply = await client.generate({
      model,
      messages,
      format,
      maxTokens: wish.maxTokens ?? undefined,
      signal: ctx.signal,
      // A conversation asks several times, each time something else.
      idempotencyKey: `${ctx.idempotencyKey}:${calls}`,
    });
    const { inputTokens, outputTokens } = reply.usage;
    const cost = price === undefined ? undefined : callCost(price, reply.usage);
    ctx.usage({
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      calls: 1,
      ...(cost === undefined ? {} : { cost_usd: cost }),
    });
    if (reply.stop === "refused") {
      throw new BlockError(
        "model_refused",
        `The model declines to answer: ${reply.text.slice(0, 300) || "it gives no reason"}.`,
      );
    }
    return reply;
  };
}
