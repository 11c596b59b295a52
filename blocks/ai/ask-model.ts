import type { BlockContext } from "#blocks/define-block.ts";
import { BlockError } from "#blocks/define-block.ts";
import { chooseModelClient } from "./choose-model-client.ts";
import type { ModelMessage, ModelReply, ModelRequest } from "./model-client.ts";

export type Ask = (messages: ModelMessage[], format?: ModelRequest["format"]) => Promise<ModelReply>;

/**
 * A function that sends a conversation to the chosen model and counts the tokens of each call. Throws what `chooseModelClient` and
 * `ModelClient.generate` throw, and BlockError `model_refused` when the model declines.
 */
export async function modelAsker(
  ctx: BlockContext,
  wish: { model: string; ollamaHost: string; maxTokens: number | null },
): Promise<Ask> {
  const { client, model } = await chooseModelClient(ctx, wish);
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
    ctx.usage({ input_tokens: reply.usage.inputTokens, output_tokens: reply.usage.outputTokens, calls: 1 });
    if (reply.stop === "refused") {
      throw new BlockError(
        "model_refused",
        `The model declines to answer: ${reply.text.slice(0, 300) || "it gives no reason"}.`,
      );
    }
    return reply;
  };
}
