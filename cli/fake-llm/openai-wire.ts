import { asList, asRecord, asText, BadRequest, piecesOf, usageOf } from "./fake-reply.ts";
import type { FakeReply, FakeRequest } from "./fake-reply.ts";

const CREATED = 1_767_225_600;
const ROLES = new Set(["system", "developer", "user", "assistant", "tool"]);

/** Reads a body of `POST /v1/chat/completions`. Throws BadRequest where OpenAI would. */
export function readOpenAiRequest(body: unknown, headers: Record<string, string>): FakeRequest {
  const params = asRecord(body);
  if (asText(params.model) === "") {
    throw new BadRequest(400, "you must provide a model parameter");
  }
  const messages = asList(params.messages).map(readMessage);
  if (messages.length === 0) {
    throw new BadRequest(400, "Invalid 'messages': empty array. Expected an array with minimum length 1.");
  }
  const tools = asList(params.tools).map((tool) => {
    const spec = asRecord(asRecord(tool).function);
    return { name: asText(spec.name), description: asText(spec.description), schema: spec.parameters };
  });
  const limit = params.max_completion_tokens ?? params.max_tokens;
  return {
    protocol: "openai",
    model: asText(params.model),
    messages,
    tools,
    forcedTool: forcedTool(params.tool_choice),
    format: readFormat(params.response_format, messages),
    maxTokens: typeof limit === "number" ? limit : undefined,
    stream: params.stream === true,
    includeUsage: asRecord(params.stream_options).include_usage === true,
    headers,
    body,
  };
}

function readMessage(value: unknown): FakeRequest["messages"][number] {
  const message = asRecord(value);
  const role = asText(message.role);
  if (!ROLES.has(role)) {
    throw new BadRequest(
      400,
      `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'tool', and 'developer'.`,
    );
  }
  const parts = asList(message.content).map((part) => asText(asRecord(part).text));
  const text = typeof message.content === "string" ? message.content : parts.join("");
  return { role: role === "developer" ? "system" : (role as FakeRequest["messages"][number]["role"]), text };
}

function forcedTool(choice: unknown): string | undefined {
  return choice === "required" ? "any" : asText(asRecord(asRecord(choice).function).name) || undefined;
}

function readFormat(value: unknown, messages: FakeRequest["messages"]): FakeRequest["format"] {
  const format = asRecord(value);
  if (format.type === "json_schema") {
    const spec = asRecord(format.json_schema);
    if (!/^[a-zA-Z0-9_-]{1,64}$/.test(asText(spec.name))) {
      throw new BadRequest(400, "Missing or invalid parameter: 'response_format.json_schema.name'.");
    }
    return { type: "schema", schema: spec.schema };
  }
  if (format.type === "json_object") {
    if (!messages.some((message) => /json/i.test(message.text))) {
      throw new BadRequest(
        400,
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      );
    }
    return { type: "json" };
  }
  return { type: "text" };
}

function finishReason(reply: FakeReply): string {
  const stop = reply.stop ?? (reply.toolCalls === undefined ? "end" : "tool_calls");
  return { end: "stop", length: "length", tool_calls: "tool_calls", refused: "content_filter" }[stop];
}

function usageObject(request: FakeRequest, reply: FakeReply): object {
  const { inputTokens, outputTokens } = usageOf(request, reply);
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

export function openAiBody(request: FakeRequest, reply: FakeReply, id: string): object {
  const calls = toolCalls(reply, id);
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created: CREATED,
    model: request.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: reply.text ?? null,
          refusal: null,
          ...(calls.length > 0 ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: finishReason(reply),
      },
    ],
    usage: usageObject(request, reply),
    system_fingerprint: "fp_fake",
  };
}

function toolCalls(reply: FakeReply, id: string) {
  return (reply.toolCalls ?? []).map((call, index) => ({
    id: `call_${id}_${index}`,
    type: "function",
    function: { name: call.name, arguments: call.arguments },
  }));
}

/** The parts of a stream, as they go over the wire; `text` marks those that carry text or arguments. */
export function openAiEvents(request: FakeRequest, reply: FakeReply, id: string): { data: string; text: boolean }[] {
  const usage = request.includeUsage ? { usage: null } : {};
  const chunk = (choices: object[], extra: object = usage): string =>
    `data: ${JSON.stringify({
      id: `chatcmpl-${id}`,
      object: "chat.completion.chunk",
      created: CREATED,
      model: request.model,
      system_fingerprint: "fp_fake",
      choices,
      ...extra,
    })}\n\n`;
  const delta = (value: object, finish: string | null = null): string =>
    chunk([{ index: 0, delta: value, logprobs: null, finish_reason: finish }]);
  const events = [{ data: delta({ role: "assistant", content: "", refusal: null }), text: false }];
  for (const piece of piecesOf(reply.text ?? "")) {
    events.push({ data: delta({ content: piece }), text: true });
  }
  for (const [index, call] of toolCalls(reply, id).entries()) {
    const head = { index, id: call.id, type: "function", function: { name: call.function.name, arguments: "" } };
    events.push({ data: delta({ tool_calls: [head] }), text: false });
    for (const piece of piecesOf(call.function.arguments)) {
      events.push({ data: delta({ tool_calls: [{ index, function: { arguments: piece } }] }), text: true });
    }
  }
  events.push({ data: delta({}, finishReason(reply)), text: false });
  if (request.includeUsage) {
    events.push({ data: chunk([], { usage: usageObject(request, reply) }), text: false });
  }
  events.push({ data: "data: [DONE]\n\n", text: false });
  return events;
}

const ERROR_TYPES: Readonly<Record<number, [type: string, code: string | null]>> = {
  401: ["invalid_request_error", "invalid_api_key"],
  404: ["invalid_request_error", "model_not_found"],
  429: ["requests", "rate_limit_exceeded"],
};

export function openAiError(status: number, message: string): object {
  const [type, code] = ERROR_TYPES[status] ?? [status >= 500 ? "server_error" : "invalid_request_error", null];
  return { error: { message, type, param: null, code } };
}
