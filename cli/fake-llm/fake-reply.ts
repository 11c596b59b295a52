/** What the fake server answers one request with. Everything is optional: `{}` is an empty text. */
export interface FakeReply {
  text?: string;
  toolCalls?: { name: string; arguments: string }[];
  /** Default: what the rest implies. */
  stop?: "end" | "length" | "tool_calls" | "refused";
  usage?: { inputTokens: number; outputTokens: number };
  /** An error instead of an answer, in the protocol's own shape. */
  error?: { status: number; message?: string; retryAfterSeconds?: number };
  /** Pause before each piece of a stream, or before a whole answer, ms. */
  delayMs?: number;
  /** Break the connection after this many pieces of text. */
  cutAfter?: number;
  /** Send this many pieces of text, then nothing until the client goes away. */
  stallAfter?: number;
  /** An error event after this many pieces of text. */
  errorAfter?: number;
}

/** A request, the same for both protocols. */
export interface FakeRequest {
  protocol: "openai" | "anthropic";
  model: string;
  /** Text of each message; results of tools have the role `tool`. */
  messages: { role: "system" | "user" | "assistant" | "tool"; text: string }[];
  tools: { name: string; description: string; schema: unknown }[];
  /** The tool that must be called: its name, or `any`. */
  forcedTool: string | undefined;
  /** `text`, any JSON, or JSON of `schema`. */
  format: { type: "text" } | { type: "json" } | { type: "schema"; schema: unknown };
  maxTokens: number | undefined;
  stream: boolean;
  includeUsage: boolean;
  headers: Record<string, string>;
  /** The body as it was sent. */
  body: unknown;
}

/** A request that a real provider would refuse. */
export class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** About what a tokenizer would count. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

export function usageOf(request: FakeRequest, reply: FakeReply): { inputTokens: number; outputTokens: number } {
  const input = request.messages.map((message) => message.text).join("\n");
  const output = (reply.text ?? "") + (reply.toolCalls ?? []).map((call) => call.name + call.arguments).join("");
  return reply.usage ?? { inputTokens: countTokens(input), outputTokens: countTokens(output) };
}

/** Pieces of a few words, which together are the text. */
export function piecesOf(text: string): string[] {
  return text.match(/(?:\S+\s*){1,3}|\s+/g) ?? [];
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}
