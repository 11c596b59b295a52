import * as z from "zod";
import { BlockError, defineBlock } from "#blocks/define-block.ts";
import { modelAsker } from "./ask-model.ts";
import { MODEL_PROVIDERS } from "./choose-model-client.ts";
import { promptMessages } from "./conversation.ts";
import { fillPrompt } from "./fill-prompt.ts";
import type { ModelMessage } from "./model-client.ts";
import { promptOutput, promptPins, retryPin } from "./prompt-pins.ts";

/** An OpenAI stream, for the examples. */
const HELLO =
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello, "},"finish_reason":null}]}\n\n' +
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Ann."},"finish_reason":"stop"}]}\n\n' +
  'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}\n\n' +
  "data: [DONE]\n\n";

/** An Anthropic stream, for the examples. */
const BONJOUR =
  'event: message_start\ndata: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"output_tokens":1}}}\n\n' +
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Bonjour."}}\n\n' +
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n' +
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}\n\n' +
  'event: message_stop\ndata: {"type":"message_stop"}\n\n';

/**
 * Text by a language model (autogpt.md §6.2, AITextGeneratorBlock). `effects` is `idempotent`: a second call costs its tokens and
 * may word things otherwise, but changes nothing anywhere, so a lost attempt is simply asked again.
 */
export default defineBlock({
  id: "1f292d4a-41a4-4977-9684-7c8d560b9f91",
  name: "AITextGeneratorBlock",
  description: "Asks a language model and gives its answer as text.",
  categories: ["AI"],
  effects: "idempotent",
  providers: MODEL_PROVIDERS,
  input: z.object({
    prompt: z.string().meta({
      description: "What to ask. {{names}} are filled in from prompt_values.",
      placeholder: "Write a haiku about {{topic}}.",
    }),
    ...promptPins,
    retry: retryPin(),
  }),
  output: z.object({
    response: z.string().meta({ description: "The model's answer." }),
    prompt: promptOutput,
  }),
  examples: [
    {
      name: "with values, at OpenAI",
      input: { prompt: "Greet {{name}}.", prompt_values: { name: "Ann" }, sys_prompt: "Be kind to {{name}}." },
      credentials: { openai: { apiKey: "example-key" } },
      fetch: [
        {
          url: "https://api.openai.com/v1/chat/completions",
          method: "POST",
          headers: { "content-type": "text/event-stream" },
          text: HELLO,
        },
      ],
      expect: [
        ["response", "Hello, Ann."],
        [
          "prompt",
          [
            { role: "system", content: "Be kind to Ann." },
            { role: "user", content: "Greet Ann." },
          ],
        ],
      ],
    },
    {
      name: "a Claude model",
      input: { prompt: "Greet me in French.", model: "claude-sonnet-5-5" },
      credentials: { anthropic: { apiKey: "example-key" } },
      fetch: [
        {
          url: "https://api.anthropic.com/v1/messages",
          method: "POST",
          headers: { "content-type": "text/event-stream" },
          text: BONJOUR,
        },
      ],
      expect: [
        ["response", "Bonjour."],
        ["prompt", [{ role: "user", content: "Greet me in French." }]],
      ],
    },
    {
      name: "a model at Ollama",
      input: { prompt: "Greet {{name}}.", model: "ollama/qwen3", ollama_host: "gpu.example.com:11434" },
      credentials: { openai: { apiKey: "example-key" } },
      fetch: [
        {
          url: "http://gpu.example.com:11434/v1/chat/completions",
          method: "POST",
          headers: { "content-type": "text/event-stream" },
          text: HELLO,
        },
      ],
      expect: [
        ["response", "Hello, Ann."],
        ["prompt", [{ role: "user", content: "Greet {{name}}." }]],
      ],
    },
    { name: "no key", input: { prompt: "Hello" }, expectError: "OPENAI_API_KEY" },
    {
      name: "too many requests",
      input: { prompt: "Hello", model: "claude-sonnet-5-5" },
      credentials: { anthropic: { apiKey: "example-key" } },
      fetch: [
        {
          url: "https://api.anthropic.com/v1/messages",
          method: "POST",
          status: 429,
          headers: { "retry-after": "20" },
          json: { type: "error", error: { type: "rate_limit_error", message: "Slow down" } },
        },
      ],
      expectError: "Slow down",
    },
  ],
  async *run({ input, ctx }) {
    const ask = await modelAsker(ctx, {
      model: input.model,
      ollamaHost: input.ollama_host,
      maxTokens: input.max_tokens,
    });
    const system = fillPrompt(input.sys_prompt, input.prompt_values);
    const messages: ModelMessage[] = [
      ...(system === "" ? [] : [{ role: "system", content: system } as const]),
      { role: "user", content: fillPrompt(input.prompt, input.prompt_values) },
    ];
    for (let attempt = 1; attempt <= input.retry; attempt += 1) {
      const reply = await ask(messages);
      if (reply.text.trim() !== "") {
        if (reply.stop === "length") {
          ctx.logger.warn("The model's answer is cut off at its limit of tokens.", { model: input.model });
        }
        yield ["response", reply.text];
        yield ["prompt", promptMessages(messages)];
        return;
      }
      ctx.logger.warn("The model gave an empty answer.", { model: input.model, attempt });
    }
    throw new BlockError(
      "malformed_output",
      `The model gave an empty answer ${input.retry} times. Change the prompt, or raise max_tokens.`,
      {
        retryable: true,
      },
    );
  },
});
