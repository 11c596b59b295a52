import { asRecord } from "./fake-reply.ts";
import type { FakeReply, FakeRequest } from "./fake-reply.ts";
import { fillSchema } from "./fill-schema.ts";

/**
 * What the server answers when no reply was queued. Deterministic: a fault when the model's name or the header `x-fake-fault` asks for one,
 * else JSON where JSON is wanted (by the protocol, or by a JSON Schema in the prompt), a tool's call where a tool is forced or
 * named in the prompt, the result of a tool in words, or the prompt in short.
 */
export function answer(request: FakeRequest): FakeReply {
  const fault = faultOf(request);
  return fault === undefined ? goodAnswer(request) : faultyReply(fault, request);
}

export const FAULTS = ["429", "500", "401", "malformed", "slow", "cut", "stall", "empty", "length"] as const;
type Fault = (typeof FAULTS)[number];

function faultOf(request: FakeRequest): Fault | undefined {
  const named = /fault-([a-z0-9]+)/.exec(request.model)?.[1] ?? request.headers["x-fake-fault"];
  return FAULTS.find((fault) => fault === named);
}

function faultyReply(fault: Fault, request: FakeRequest): FakeReply {
  switch (fault) {
    case "429":
      return { error: { status: 429, message: "Rate limit reached, as asked for.", retryAfterSeconds: 2 } };
    case "500":
      return { error: { status: 500, message: "The server had an error, as asked for." } };
    case "401":
      return { error: { status: 401, message: "Incorrect API key provided, as asked for." } };
    case "malformed":
      return { text: 'Here you are: {"almost": "json", ' };
    case "slow":
      return { ...goodAnswer(request), delayMs: 500 };
    case "cut":
      return { ...goodAnswer(request), cutAfter: 1 };
    case "stall":
      return { ...goodAnswer(request), stallAfter: 1 };
    case "empty":
      return { text: "" };
    case "length":
      return { ...goodAnswer(request), stop: "length" };
  }
}

function goodAnswer(request: FakeRequest): FakeReply {
  const prompt = lastText(request, "user");
  const last = request.messages.at(-1);
  if (request.forcedTool !== undefined) {
    const tool = request.tools.find((candidate) => candidate.name === request.forcedTool) ?? request.tools[0];
    return tool === undefined ? { text: shortOf(prompt) } : callOf(tool, prompt);
  }
  if (request.format.type === "schema") {
    return { text: JSON.stringify(fillSchema(request.format.schema, prompt)) };
  }
  if (last?.role === "tool") {
    return { text: `The tool answered: ${last.text}` };
  }
  const named = request.tools.find((tool) => prompt.includes(tool.name));
  if (named !== undefined) {
    return callOf(named, prompt);
  }
  const schema = schemaIn(request);
  if (schema !== undefined) {
    return { text: JSON.stringify(fillSchema(schema, prompt)) };
  }
  return { text: request.format.type === "json" ? JSON.stringify({ response: shortOf(prompt) }) : shortOf(prompt) };
}

function callOf(tool: FakeRequest["tools"][number], prompt: string): FakeReply {
  return { toolCalls: [{ name: tool.name, arguments: JSON.stringify(fillSchema(tool.schema, prompt)) }] };
}

function lastText(request: FakeRequest, role: string): string {
  return request.messages.findLast((message) => message.role === role)?.text ?? "";
}

/** The prompt's first sentences, and how long it is. */
function shortOf(prompt: string): string {
  const words = prompt.split(/\s+/).filter((word) => word !== "");
  const sentences = prompt.trim().split(/(?<=[.!?])\s+/);
  const start = sentences.slice(0, 2).join(" ").slice(0, 400);
  return `You wrote ${words.length} word${words.length === 1 ? "" : "s"}: ${start}`;
}

/** A JSON Schema of an object that the prompt shows the model, as programs do that ask for JSON. */
function schemaIn(request: FakeRequest): unknown {
  for (const { role, text } of request.messages.toReversed()) {
    const schema = role === "system" || role === "user" ? firstSchema(text) : undefined;
    if (schema !== undefined) {
      return schema;
    }
  }
  return undefined;
}

function firstSchema(text: string): unknown {
  const start = text.indexOf("{");
  for (let end = text.lastIndexOf("}"); start >= 0 && end > start; end = text.lastIndexOf("}", end - 1)) {
    try {
      const value = asRecord(JSON.parse(text.slice(start, end + 1)));
      return value.type === "object" && typeof value.properties === "object" ? value : undefined;
    } catch {
      // A shorter part may be complete.
    }
  }
  return undefined;
}
