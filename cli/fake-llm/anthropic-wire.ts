import { asList, asRecord, asText, BadRequest, piecesOf, usageOf } from "./fake-reply.ts";
import type { FakeReply, FakeRequest } from "./fake-reply.ts";

/** Reads a body of `POST /v1/messages`. Throws BadRequest where Anthropic would. */
export function readAnthropicRequest(body: unknown, headers: Record<string, string>): FakeRequest {
  const params = asRecord(body);
  if (headers["anthropic-version"] === undefined) {
    throw new BadRequest(400, "anthropic-version: header is required");
  }
  for (const field of ["model", "max_tokens", "messages"]) {
    if (params[field] === undefined) {
      throw new BadRequest(400, `${field}: Field required`);
    }
  }
  const messages = asList(params.messages).flatMap(readMessage);
  if (messages.length === 0) {
    throw new BadRequest(400, "messages: at least one message is required");
  }
  const system =
    asText(params.system) ||
    asList(params.system)
      .map((part) => asText(asRecord(part).text))
      .join("\n");
  const choice = asRecord(params.tool_choice);
  return {
    protocol: "anthropic",
    model: asText(params.model),
    messages: [...(system === "" ? [] : [{ role: "system", text: system } as const]), ...messages],
    tools: asList(params.tools).map((tool) => {
      const spec = asRecord(tool);
      return { name: asText(spec.name), description: asText(spec.description), schema: spec.input_schema };
    }),
    forcedTool: choice.type === "any" ? "any" : choice.type === "tool" ? asText(choice.name) : undefined,
    format: { type: "text" },
    maxTokens: typeof params.max_tokens === "number" ? params.max_tokens : undefined,
    stream: params.stream === true,
    includeUsage: true,
    headers,
    body,
  };
}

/** One message; the results of tools in it count as messages of their own. */
function readMessage(value: unknown): FakeRequest["messages"] {
  const message = asRecord(value);
  if (message.role !== "user" && message.role !== "assistant") {
    throw new BadRequest(
      400,
      `messages: Unexpected role "${asText(message.role)}". Allowed roles are "user" or "assistant".`,
    );
  }
  if (typeof message.content === "string") {
    return [{ role: message.role, text: message.content }];
  }
  const { role } = message;
  return asList(message.content).map((part) => {
    const block = asRecord(part);
    if (block.type === "text" && asText(block.text) === "") {
      throw new BadRequest(400, "messages: text content blocks must be non-empty");
    }
    if (block.type === "tool_use" && (typeof block.input !== "object" || block.input === null)) {
      throw new BadRequest(400, "messages: tool_use.input: Input should be a valid dictionary");
    }
    const content = asText(block.text) || asText(block.content);
    return { role: block.type === "tool_result" ? "tool" : role, text: content };
  });
}

function stopReason(reply: FakeReply): string {
  const stop = reply.stop ?? (reply.toolCalls === undefined ? "end" : "tool_calls");
  return { end: "end_turn", length: "max_tokens", tool_calls: "tool_use", refused: "refusal" }[stop];
}

function usageObject(request: FakeRequest, reply: FakeReply) {
  const { inputTokens, outputTokens } = usageOf(request, reply);
  return {
    input_tokens: inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputTokens,
    service_tier: "standard",
  };
}

function messageOf(request: FakeRequest, id: string) {
  return { id: `msg_${id}`, type: "message", role: "assistant", model: request.model, stop_sequence: null };
}

export function anthropicBody(request: FakeRequest, reply: FakeReply, id: string): object {
  const text = reply.text === undefined ? [] : [{ type: "text", text: reply.text, citations: null }];
  const calls = (reply.toolCalls ?? []).map((call, index) => ({
    type: "tool_use",
    id: `toolu_${id}_${index}`,
    name: call.name,
    input: JSON.parse(call.arguments) as unknown,
  }));
  return {
    ...messageOf(request, id),
    content: [...text, ...calls],
    stop_reason: stopReason(reply),
    usage: usageObject(request, reply),
  };
}

/** The parts of a stream, as they go over the wire; `text` marks those that carry text or arguments. */
export function anthropicEvents(request: FakeRequest, reply: FakeReply, id: string): { data: string; text: boolean }[] {
  const events: { data: string; text: boolean }[] = [];
  const push = (type: string, data: object, text = false): void => {
    events.push({ data: `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`, text });
  };
  const usage = usageObject(request, reply);
  const start = { ...messageOf(request, id), content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  push("message_start", { message: start });
  push("ping", {});
  let index = 0;
  const block = (head: object, deltas: object[]): void => {
    push("content_block_start", { index, content_block: head });
    for (const delta of deltas) {
      push("content_block_delta", { index, delta }, true);
    }
    push("content_block_stop", { index });
    index += 1;
  };
  if (reply.text !== undefined) {
    const deltas = piecesOf(reply.text).map((text) => ({ type: "text_delta", text }));
    block({ type: "text", text: "" }, deltas);
  }
  for (const [number, call] of (reply.toolCalls ?? []).entries()) {
    const deltas = piecesOf(call.arguments).map((piece) => ({ type: "input_json_delta", partial_json: piece }));
    block({ type: "tool_use", id: `toolu_${id}_${number}`, name: call.name, input: {} }, deltas);
  }
  push("message_delta", {
    delta: { stop_reason: stopReason(reply), stop_sequence: null },
    usage: { output_tokens: usage.output_tokens },
  });
  push("message_stop", {});
  return events;
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

export function anthropicError(status: number, message: string): object {
  const type = ERROR_TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
  return { type: "error", error: { type, message } };
}
