import OpenAI from "openai";
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { ModelClient, ModelEndpoint, ModelMessage, ModelReply, ModelRequest, ToolCall } from "./model-client.ts";
import { callOptions } from "./model-client.ts";
import { cutStream, modelError } from "./model-error.ts";
import { MODEL_TIMEOUT_MS, modelFetch, NO_KEY } from "./model-fetch.ts";

const OPENAI_URL = "https://api.openai.com/v1";

/** Chat completions of OpenAI and of every server that speaks its protocol (Ollama, vLLM, OpenRouter, Groq, …). */
export function openAiClient(endpoint: ModelEndpoint): ModelClient {
  const client = new OpenAI({
    // All that the library would otherwise read from the environment is given here.
    apiKey: endpoint.apiKey === "" ? NO_KEY : endpoint.apiKey,
    baseURL: endpoint.baseUrl ?? OPENAI_URL,
    organization: null,
    project: null,
    webhookSecret: null,
    fetch: modelFetch(endpoint.fetch),
    timeout: MODEL_TIMEOUT_MS,
    maxRetries: 0,
    logLevel: "off",
  });
  return {
    async generate(request) {
      const reply = new ReplyBuilder(request.onText);
      try {
        const stream = await client.chat.completions.create(paramsOf(request, endpoint), callOptions(request));
        for await (const chunk of stream) {
          reply.add(chunk);
        }
      } catch (error) {
        request.signal.throwIfAborted();
        throw modelError(error, endpoint);
      }
      // The client ends an aborted stream as if it were complete.
      request.signal.throwIfAborted();
      const built = reply.build();
      if (built === undefined) {
        throw cutStream(endpoint);
      }
      return built;
    },
  };
}

function paramsOf(request: ModelRequest, endpoint: ModelEndpoint): ChatCompletionCreateParamsStreaming {
  const params: ChatCompletionCreateParamsStreaming = {
    model: request.model,
    messages: request.messages.map(messageParam),
    stream: true,
    stream_options: { include_usage: true },
  };
  if (request.maxTokens !== undefined) {
    // OpenAI's newer models take only the new name, most other servers only the old one.
    params[endpoint.baseUrl === undefined ? "max_completion_tokens" : "max_tokens"] = request.maxTokens;
  }
  if (request.format !== undefined) {
    params.response_format = {
      type: "json_schema",
      json_schema: { name: request.format.name, schema: { ...request.format.schema } },
    };
  }
  if (request.tools !== undefined && request.tools.length > 0) {
    params.tools = request.tools.map((tool) => ({
      type: "function",
      function: { name: tool.name, description: tool.description, parameters: { ...tool.parameters } },
    }));
    const choice = request.toolChoice ?? "auto";
    params.tool_choice = typeof choice === "string" ? choice : { type: "function", function: { name: choice.name } };
  }
  return params;
}

function messageParam(message: ModelMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case "system":
    case "user":
      return { role: message.role, content: message.content };
    case "tool":
      return { role: "tool", content: message.content, tool_call_id: message.toolCallId };
    case "assistant":
      return message.toolCalls === undefined || message.toolCalls.length === 0
        ? { role: "assistant", content: message.content }
        : {
            role: "assistant",
            content: message.content === "" ? null : message.content,
            tool_calls: message.toolCalls.map((call) => ({
              id: call.id,
              type: "function",
              function: { name: call.name, arguments: call.arguments },
            })),
          };
  }
}

const STOP = {
  stop: "end",
  length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  content_filter: "refused",
} as const;

/** Puts the pieces of a stream together. */
class ReplyBuilder {
  #text = "";
  #refusal = "";
  #finish: ChatCompletionChunk.Choice["finish_reason"] = null;
  #usage: ModelReply["usage"] = { inputTokens: 0, outputTokens: 0 };
  readonly #calls = new Map<number, ToolCall>();
  readonly #onText: ((delta: string) => void) | undefined;

  constructor(onText: ((delta: string) => void) | undefined) {
    this.#onText = onText;
  }

  add(chunk: ChatCompletionChunk): void {
    if (chunk.usage) {
      const { prompt_tokens, completion_tokens, prompt_tokens_details: details } = chunk.usage;
      const cached = details?.cached_tokens ?? 0;
      this.#usage = {
        inputTokens: prompt_tokens,
        outputTokens: completion_tokens,
        ...(cached === 0 ? {} : { cachedInputTokens: cached }),
      };
    }
    const choice = chunk.choices?.[0];
    if (choice === undefined) {
      return;
    }
    this.#finish = choice.finish_reason ?? this.#finish;
    const { content, refusal, tool_calls: calls } = choice.delta ?? {};
    if (content) {
      this.#text += content;
      this.#onText?.(content);
    }
    this.#refusal += refusal ?? "";
    for (const piece of calls ?? []) {
      this.#addCall(piece);
    }
  }

  #addCall(piece: ChatCompletionChunk.Choice.Delta.ToolCall): void {
    // Some servers number no calls.
    const index = piece.index ?? this.#calls.size;
    const call = this.#calls.get(index) ?? { id: "", name: "", arguments: "" };
    this.#calls.set(index, {
      id: piece.id ?? call.id,
      name: call.name + (piece.function?.name ?? ""),
      arguments: call.arguments + (piece.function?.arguments ?? ""),
    });
  }

  /** Undefined when the model had not finished. */
  build(): ModelReply | undefined {
    if (this.#finish === null) {
      return undefined;
    }
    const toolCalls = [...this.#calls.values()].map((call, index) => ({
      ...call,
      id: call.id === "" ? `call_${index}` : call.id,
    }));
    const stop = this.#refusal === "" ? (STOP[this.#finish] ?? "end") : "refused";
    return { text: this.#text === "" ? this.#refusal : this.#text, toolCalls, stop, usage: this.#usage };
  }
}
