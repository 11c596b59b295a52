import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { answer } from "./answer.ts";
import { anthropicBody, anthropicError, anthropicEvents, readAnthropicRequest } from "./anthropic-wire.ts";
import { BadRequest } from "./fake-reply.ts";
import type { FakeReply, FakeRequest } from "./fake-reply.ts";
import { openAiBody, openAiError, openAiEvents, readOpenAiRequest } from "./openai-wire.ts";

const MAX_BODY_BYTES = 50_000_000;
const MODELS = ["gpt-4o", "gpt-4o-mini", "claude-sonnet-5-5", "llama3"];

export interface FakeLlmOptions {
  /** Default 0: any free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** What to answer when no reply is queued. Default: `answer`. */
  respond?: (request: FakeRequest) => FakeReply | Promise<FakeReply>;
}

/** A running server. */
export interface FakeLlm {
  /** `http://host:port`, which is Anthropic's base URL too; OpenAI's has `/v1`. */
  url: string;
  /** `host:port`, for WEFT_EGRESS_ALLOW. */
  address: string;
  openAiBaseUrl: string;
  anthropicBaseUrl: string;
  /** All model calls so far, oldest first. */
  requests: FakeRequest[];
  /** Replies for the next calls, one each; they go before `respond`. */
  enqueue(...replies: FakeReply[]): void;
  /** Resolves when a client has gone away before its answer was complete. */
  nextHangUp(): Promise<void>;
  close(): Promise<void>;
}

interface State {
  queue: FakeReply[];
  requests: FakeRequest[];
  hangUps: (() => void)[];
  respond: NonNullable<FakeLlmOptions["respond"]>;
}

/**
 * Starts a server that speaks the protocols of OpenAI (`/v1/chat/completions`, `/v1/models`) and Anthropic (`/v1/messages`), streamed and
 * not, without any model behind it. It wants a key like the real ones; the key `invalid` is refused.
 */
export async function startFakeLlm(options: FakeLlmOptions = {}): Promise<FakeLlm> {
  const state: State = { queue: [], requests: [], hangUps: [], respond: options.respond ?? answer };
  const server = createServer((request, response) => {
    handle(request, response, state).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  const host = options.host ?? "127.0.0.1";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    url: `http://${address}`,
    address,
    openAiBaseUrl: `http://${address}/v1`,
    anthropicBaseUrl: `http://${address}`,
    requests: state.requests,
    enqueue: (...replies) => {
      state.queue.push(...replies);
    },
    nextHangUp: () => new Promise((resolve) => state.hangUps.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://fake");
  response.once("close", () => {
    if (!response.writableFinished) {
      state.hangUps.splice(0).forEach((resolve) => {
        resolve();
      });
    }
  });
  if (request.method === "GET" && pathname === "/v1/models") {
    const data = MODELS.map((id) => ({ id, object: "model", created: 0, owned_by: "fake-llm" }));
    sendJson(response, 200, { object: "list", data });
  } else if (request.method === "POST" && pathname === "/v1/chat/completions") {
    await handleCall(request, response, { state, protocol: "openai" });
  } else if (request.method === "POST" && pathname === "/v1/messages") {
    await handleCall(request, response, { state, protocol: "anthropic" });
  } else {
    sendJson(response, 404, openAiError(404, `Unknown request URL: ${request.method} ${pathname}.`));
  }
}

async function handleCall(
  incoming: IncomingMessage,
  response: ServerResponse,
  { state, protocol }: { state: State; protocol: "openai" | "anthropic" },
): Promise<void> {
  const errorBody = protocol === "openai" ? openAiError : anthropicError;
  try {
    const headers = flatHeaders(incoming);
    checkKey(headers, protocol);
    const body = await readJson(incoming);
    const request = protocol === "openai" ? readOpenAiRequest(body, headers) : readAnthropicRequest(body, headers);
    state.requests.push(request);
    const reply = state.queue.shift() ?? (await state.respond(request));
    await sendReply(response, { request, reply, id: String(state.requests.length) });
  } catch (error) {
    if (!(error instanceof BadRequest)) {
      throw error;
    }
    sendJson(response, error.status, errorBody(error.status, error.message));
  }
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}

function checkKey(headers: Record<string, string>, protocol: "openai" | "anthropic"): void {
  const bearer = headers.authorization?.replace(/^Bearer /, "");
  const key = protocol === "openai" ? bearer : (headers["x-api-key"] ?? bearer);
  if (key === undefined || key === "" || key === "invalid") {
    const message = protocol === "openai" ? `Incorrect API key provided: ${key ?? ""}.` : "invalid x-api-key";
    throw new BadRequest(401, message);
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) {
      throw new BadRequest(413, "Request too large.");
    }
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new BadRequest(400, "We could not parse the JSON body of your request.");
  }
}

interface Exchange {
  request: FakeRequest;
  reply: FakeReply;
  id: string;
}

async function sendReply(response: ServerResponse, exchange: Exchange): Promise<void> {
  const { request, reply, id } = exchange;
  const openai = request.protocol === "openai";
  if (reply.error !== undefined) {
    const { status, message = "The request failed, as asked for.", retryAfterSeconds } = reply.error;
    const headers: Record<string, string> =
      retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    sendJson(response, status, (openai ? openAiError : anthropicError)(status, message), headers);
    return;
  }
  if (request.stream) {
    await sendStream(response, exchange);
    return;
  }
  await delay(response, reply.delayMs);
  if (reply.cutAfter !== undefined) {
    response.destroy();
  } else if (reply.stallAfter === undefined) {
    sendJson(response, 200, (openai ? openAiBody : anthropicBody)(request, reply, id));
  }
}

async function sendStream(response: ServerResponse, { request, reply, id }: Exchange): Promise<void> {
  const openai = request.protocol === "openai";
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-request-id": `req_${id}`,
  });
  response.flushHeaders();
  let texts = 0;
  for (const event of (openai ? openAiEvents : anthropicEvents)(request, reply, id)) {
    if (texts === reply.cutAfter) {
      response.destroy();
    }
    if (response.destroyed || texts === reply.stallAfter) {
      return;
    }
    if (texts === reply.errorAfter) {
      const error = openai ? openAiError(500, "The server had an error.") : anthropicError(529, "Overloaded");
      response.end(`${openai ? "" : "event: error\n"}data: ${JSON.stringify(error)}\n\n`);
      return;
    }
    await delay(response, reply.delayMs);
    if (response.destroyed) {
      return;
    }
    await new Promise<void>((resolve) => {
      response.write(event.data, () => {
        resolve();
      });
    });
    texts += event.text ? 1 : 0;
  }
  response.end();
}

/** Waits, but no longer than the client does. */
async function delay(response: ServerResponse, ms: number | undefined): Promise<void> {
  if (ms === undefined) {
    return;
  }
  const gone = new AbortController();
  const stop = (): void => {
    gone.abort();
  };
  response.once("close", stop);
  await pause(ms, undefined, { signal: gone.signal }).catch(() => undefined);
  response.off("close", stop);
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
