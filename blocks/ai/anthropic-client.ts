import Anthropic from "@anthropic-ai/sdk";
import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  RawMessageStreamEvent,
  StopReason,
  ToolChoice,
} from "@anthropic-ai/sdk/resources/messages";
import type { ModelClient, ModelEndpoint, ModelMessage, ModelReply, ModelRequest, ToolCall } from "./model-client.ts";
import { callOptions } from "./model-client.ts";
import { cutStream, modelError } from "./model-error.ts";
import { MODEL_TIMEOUT_MS, modelFetch, NO_KEY } from "./model-fetch.ts";

const ANTHROPIC_URL = "https://api.anthropic.com";

/** The protocol wants a number. The first Claude 3 models take no more than the smaller one. */
const DEFAULT_MAX_TOKENS = 8_192;
const DEFAULT_MAX_TOKENS_CLAUDE_3 = 4_096;

/** Anthropic's messages, and servers that speak its protocol. */
export function anthropicClient(endpoint: ModelEndpoint): ModelClient {
  const client = new Anthropic({
    // All that the library would otherwise read from the environment or from files is given here.
    apiKey: endpoint.apiKey === "" ? NO_KEY : endpoint.apiKey,
    authToken: null,
    webhookKey: null,
    baseURL: endpoint.baseUrl ?? ANTHROPIC_URL,
    fetch: modelFetch(endpoint.fetch),
    timeout: MODEL_TIMEOUT_MS,
    maxRetries: 0,
    openTelemetry: false,
    logLevel: "off",
  });
  return {
    async generate(request) {
      const reply = new ReplyBuilder(request);
      try {
        const stream = await client.messages.create(paramsOf(request), callOptions(request));
        for await (const event of stream) {
          reply.add(event);
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

function paramsOf(request: ModelRequest): MessageCreateParamsStreaming {
  const fallback = /^claude-3-(opus|sonnet|haiku)/.test(request.model)
    ? DEFAULT_MAX_TOKENS_CLAUDE_3
    : DEFAULT_MAX_TOKENS;
  const system = request.messages.filter((message) => message.role === "system").map((message) => message.content);
  const params: MessageCreateParamsStreaming = {
    model: request.model,
    max_tokens: request.maxTokens ?? fallback,
    messages: turnsOf(request.messages),
    stream: true,
  };
  if (system.length > 0) {
    params.system = system.join("\n\n");
  }
  // A forced tool: every Claude model can do that, not every one takes a format for its output.
  const format = request.format && {
    name: request.format.name,
    description: "Gives the answer.",
    parameters: request.format.schema,
  };
  const tools = format === undefined ? request.tools : [format];
  if (tools !== undefined && tools.length > 0) {
    params.tools = tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      input_schema: { ...tool.parameters, type: "object" },
    }));
    params.tool_choice = toolChoice(format === undefined ? (request.toolChoice ?? "auto") : { name: format.name });
  }
  return params;
}

function toolChoice(choice: NonNullable<ModelRequest["toolChoice"]>): ToolChoice {
  if (typeof choice === "object") {
    return { type: "tool", name: choice.name };
  }
  return { type: choice === "required" ? "any" : choice };
}

/** The conversation without its system messages, one turn for messages of one side in a row. */
function turnsOf(messages: ModelMessage[]): MessageParam[] {
  const turns: { role: "user" | "assistant"; content: ContentBlockParam[] }[] = [];
  for (const message of messages) {
    if (message.role === "system") {
      continue;
    }
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = turns.at(-1);
    if (last?.role === role) {
      last.content.push(...blocksOf(message));
    } else {
      turns.push({ role, content: blocksOf(message) });
    }
  }
  return turns.filter((turn) => turn.content.length > 0);
}

function blocksOf(message: ModelMessage): ContentBlockParam[] {
  if (message.role === "tool") {
    return [{ type: "tool_result", tool_use_id: message.toolCallId, content: message.content }];
  }
  // The protocol takes no empty text.
  const text: ContentBlockParam[] = message.content.trim() === "" ? [] : [{ type: "text", text: message.content }];
  if (message.role !== "assistant") {
    return text;
  }
  const calls = (message.toolCalls ?? []).map((call): ContentBlockParam => ({
    type: "tool_use",
    id: call.id,
    name: call.name,
    input: parsedArguments(call.arguments),
  }));
  return [...text, ...calls];
}

function parsedArguments(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch {
    // The protocol wants an object; the model sees its own malformed text again inside one.
    return { malformed_arguments: text };
  }
}

const STOP: Record<StopReason, ModelReply["stop"]> = {
  end_turn: "end",
  stop_sequence: "end",
  pause_turn: "end",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "refused",
};

/** Puts the events of a stream together. */
class ReplyBuilder {
  #text = "";
  #stop: StopReason | null = null;
  #complete = false;
  #usage: ModelReply["usage"] = { inputTokens: 0, outputTokens: 0 };
  readonly #calls = new Map<number, ToolCall>();
  readonly #request: ModelRequest;

  constructor(request: ModelRequest) {
    this.#request = request;
  }

  add(event: RawMessageStreamEvent): void {
    switch (event.type) {
      case "message_start": {
        const { usage } = event.message;
        const cached = usage.cache_read_input_tokens ?? 0;
        this.#usage = {
          inputTokens: usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + cached,
          outputTokens: usage.output_tokens,
          ...(cached === 0 ? {} : { cachedInputTokens: cached }),
        };
        break;
      }
      case "content_block_start":
        if (event.content_block.type === "tool_use") {
          this.#calls.set(event.index, { id: event.content_block.id, name: event.content_block.name, arguments: "" });
        } else if (event.content_block.type === "text") {
          this.#addText(event.content_block.text);
        }
        break;
      case "content_block_delta":
        if (event.delta.type === "text_delta") {
          this.#addText(event.delta.text);
        } else if (event.delta.type === "input_json_delta") {
          this.#addArguments(event.index, event.delta.partial_json);
        }
        break;
      case "message_delta":
        this.#stop = event.delta.stop_reason;
        this.#usage.outputTokens = event.usage.output_tokens;
        break;
      case "message_stop":
        this.#complete = true;
        break;
      case "content_block_stop":
        break;
    }
  }

  #addText(delta: string): void {
    this.#text += delta;
    if (delta !== "" && this.#request.format === undefined) {
      this.#request.onText?.(delta);
    }
  }

  #addArguments(index: number, piece: string): void {
    const call = this.#calls.get(index);
    if (call !== undefined) {
      call.arguments += piece;
    }
  }

  /** Undefined when the model had not finished. */
  build(): ModelReply | undefined {
    if (!this.#complete || this.#stop === null) {
      return undefined;
    }
    const calls = [...this.#calls.values()].map((call) => ({
      ...call,
      arguments: call.arguments === "" ? "{}" : call.arguments,
    }));
    const stop = STOP[this.#stop] ?? "end";
    const { format } = this.#request;
    const answer = format && calls.find((call) => call.name === format.name);
    return answer === undefined
      ? { text: this.#text, toolCalls: calls, stop, usage: this.#usage }
      : { text: answer.arguments, toolCalls: [], stop: stop === "tool_calls" ? "end" : stop, usage: this.#usage };
  }
}
