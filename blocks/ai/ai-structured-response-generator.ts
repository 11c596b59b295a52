import * as z from "zod";
import { BlockError, defineBlock } from "#blocks/define-block.ts";
import { dictionary } from "#blocks/pin-types.ts";
import { textsPin } from "#blocks/net/texts-pin.ts";
import type { JsonObject } from "#graph/json.ts";
import { modelAsker } from "./ask-model.ts";
import { MODEL_PROVIDERS } from "./choose-model-client.ts";
import type { Ask } from "./ask-model.ts";
import { historyMessages, promptMessages, shortened } from "./conversation.ts";
import { fillPrompt } from "./fill-prompt.ts";
import { answerSchema, readAnswer } from "./json-answer.ts";
import type { AnswerShape } from "./json-answer.ts";
import type { ModelMessage, ModelReply, ModelRequest } from "./model-client.ts";
import { promptOutput, promptPins, retryPin } from "./prompt-pins.ts";
import { correction, formatInstructions } from "./structured-prompt.ts";

const FORMAT_NAME = "answer";

function stream(content: string): string {
  const choice = { index: 0, delta: { role: "assistant", content }, finish_reason: "stop" };
  const chunk = { id: "c1", object: "chat.completion.chunk", created: 1, model: "gpt-4o", choices: [choice] };
  return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
}

const URL_OF_CHAT = "https://api.openai.com/v1/chat/completions";
const EVENT_STREAM = { "content-type": "text/event-stream" };

const EXAMPLE_INSTRUCTIONS = formatInstructions(
  answerSchema({ keys: { city: "name of the city" }, list: false }),
  false,
);

/**
 * JSON by a language model (autogpt.md §6.2, AIStructuredResponseGeneratorBlock). An answer without the expected keys is sent back with
 * what is wrong with it, `retry` times in all. `effects` is `idempotent`: a second call costs its tokens and may word things
 * otherwise, but changes nothing anywhere, so a lost attempt is simply asked again.
 */
export default defineBlock({
  id: "ed55ac19-356e-4243-a6cb-bc599e9b716f",
  name: "AIStructuredResponseGeneratorBlock",
  description:
    "Asks a language model for an object with given keys, or a list of such objects, and checks that the answer has them.",
  categories: ["AI"],
  effects: "idempotent",
  providers: MODEL_PROVIDERS,
  input: z.object({
    prompt: z.string().meta({ description: "What to ask. {{names}} are filled in from prompt_values." }),
    expected_format: textsPin().meta({
      description:
        "The keys that the answer must have, each with a description of its value. Empty: any text, under the key response.",
    }),
    list_result: z.boolean().default(false).meta({ description: "Ask for a list of such objects." }),
    force_json_output: z.boolean().default(false).meta({
      title: "Force JSON output",
      description: "Let the provider enforce the format, where it can. Otherwise the model is only told.",
    }),
    conversation_history: z
      .array(dictionary())
      .nullable()
      .default([])
      .meta({ description: "Messages {role, content} that came before the prompt." }),
    compress_prompt_to_fit: z.boolean().default(true).meta({
      description:
        "When the model finds the prompt too long, drop old messages, then the middle of the prompt, and ask again.",
      advanced: true,
    }),
    ...promptPins,
    retry: retryPin(),
  }),
  output: z.object({
    response: z
      .union([dictionary(), z.array(dictionary())])
      .meta({ description: "The object, or the list of objects." }),
    prompt: promptOutput,
  }),
  examples: [
    {
      name: "an object",
      input: { prompt: "Where is the Eiffel Tower?", expected_format: { city: "name of the city" } },
      credentials: { openai: { apiKey: "example-key" } },
      fetch: [
        {
          url: URL_OF_CHAT,
          method: "POST",
          headers: EVENT_STREAM,
          text: stream('Sure!\n```json\n{"city": "Paris"}\n```'),
        },
      ],
      expect: [
        ["response", { city: "Paris" }],
        [
          "prompt",
          [
            { role: "system", content: EXAMPLE_INSTRUCTIONS },
            { role: "user", content: "Where is the Eiffel Tower?" },
          ],
        ],
      ],
    },
    {
      name: "asked again",
      input: { prompt: "Where is the Eiffel Tower?", expected_format: { city: "name of the city" } },
      credentials: { openai: { apiKey: "example-key" } },
      fetch: [
        { url: URL_OF_CHAT, method: "POST", headers: EVENT_STREAM, text: stream('{"town": "Paris"}') },
        { url: URL_OF_CHAT, method: "POST", headers: EVENT_STREAM, text: stream('{"city": "Paris"}') },
      ],
      expect: [
        ["response", { city: "Paris" }],
        [
          "prompt",
          [
            { role: "system", content: EXAMPLE_INSTRUCTIONS },
            { role: "user", content: "Where is the Eiffel Tower?" },
            { role: "assistant", content: '{"town": "Paris"}' },
            { role: "user", content: correction('These keys are missing: "city".', false) },
          ],
        ],
      ],
    },
    {
      name: "never usable",
      input: { prompt: "Where?", expected_format: { city: "name of the city" }, retry: 1 },
      credentials: { openai: { apiKey: "example-key" } },
      fetch: [{ url: URL_OF_CHAT, method: "POST", headers: EVENT_STREAM, text: stream("Paris, I think.") }],
      expectError: "no complete JSON value",
    },
  ],
  async *run({ input, ctx }) {
    const rawAsk = await modelAsker(ctx, {
      model: input.model,
      ollamaHost: input.ollama_host,
      maxTokens: input.max_tokens,
    });
    const ask = input.compress_prompt_to_fit ? fitting(rawAsk) : keeping(rawAsk);
    const shape: AnswerShape = { keys: input.expected_format, list: input.list_result };
    const free = Object.keys(input.expected_format).length === 0;
    const system = fillPrompt(input.sys_prompt, input.prompt_values);
    const messages: ModelMessage[] = [
      ...(system === "" ? [] : [{ role: "system", content: system } as const]),
      ...(free ? [] : [{ role: "system", content: formatInstructions(answerSchema(shape), shape.list) } as const]),
      ...historyMessages(input.conversation_history),
      { role: "user", content: fillPrompt(input.prompt, input.prompt_values) },
    ];
    if (free) {
      const { reply, sent } = await ask(messages);
      yield ["response", { response: reply.text }];
      yield ["prompt", promptMessages(sent)];
      return;
    }
    const answer = await structured(ask, messages, { shape, attempts: input.retry, force: input.force_json_output });
    yield ["response", answer.value];
    yield ["prompt", promptMessages(answer.sent)];
  },
});

type Asked = { reply: ModelReply; sent: ModelMessage[] };
type FittingAsk = (messages: ModelMessage[], format?: ModelRequest["format"]) => Promise<Asked>;

function keeping(ask: Ask): FittingAsk {
  return async (messages, format) => ({ reply: await ask(messages, format), sent: messages });
}

/** Shortens a conversation that the provider finds too long until it is taken. */
function fitting(ask: Ask): FittingAsk {
  return async (messages, format) => {
    let sent = messages;
    for (;;) {
      try {
        return { reply: await ask(sent, format), sent };
      } catch (error) {
        const shorter =
          error instanceof BlockError && error.code === "model_input_too_long" ? shortened(sent) : undefined;
        if (shorter === undefined) {
          throw error;
        }
        sent = shorter;
      }
    }
  };
}

interface Wish {
  shape: AnswerShape;
  attempts: number;
  /** Let the provider enforce the format. */
  force: boolean;
}

/** Asks until the answer fits. Throws BlockError `malformed_output`. */
async function structured(
  ask: FittingAsk,
  first: ModelMessage[],
  wish: Wish,
): Promise<{ value: JsonObject | JsonObject[]; sent: ModelMessage[] }> {
  let messages = first;
  let format: ModelRequest["format"] = wish.force ? { name: FORMAT_NAME, schema: answerSchema(wish.shape) } : undefined;
  let problem = "";
  for (let attempt = 1; attempt <= wish.attempts; attempt += 1) {
    const asked = await ask(messages, format).catch((error: unknown) => {
      // Not every server takes a format; the instructions are in the prompt as well.
      if (format !== undefined && error instanceof BlockError && error.code === "model_rejected") {
        format = undefined;
        return ask(messages);
      }
      throw error;
    });
    const read = readAnswer(asked.reply.text, wish.shape);
    if (read.ok) {
      return { value: read.value, sent: asked.sent };
    }
    problem = asked.reply.stop === "length" ? "It is cut off at the limit of tokens; raise max_tokens." : read.problem;
    messages = [
      ...asked.sent,
      { role: "assistant", content: asked.reply.text },
      { role: "user", content: correction(read.problem, asked.reply.stop === "length") },
    ];
  }
  throw new BlockError(
    "malformed_output",
    `The model's answer cannot be used, ${wish.attempts === 1 ? "and it was asked once" : `although it was asked ${wish.attempts} times`}. ` +
      `The last one: ${problem} Try a clearer prompt, fewer keys or another model.`,
    { retryable: true },
  );
}
