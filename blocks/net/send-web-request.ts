import * as z from "zod";
import { BlockError, defineBlock } from "#blocks/define-block.ts";
import type { BlockContext, WholeAnswer, WholeRequest } from "#blocks/define-block.ts";
import { anyValue, dictionary } from "#blocks/pin-types.ts";
import type { JsonObject, JsonValue } from "#graph/json.ts";
import { retryAfterMs } from "./retry-after.ts";
import { textsPin } from "./texts-pin.ts";
import { readText } from "./read-text.ts";

/** A run holds what a block brings in, so less than the deployment's cap. */
const MAX_ANSWER_BYTES = 10_000_000;

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] as const;
/** Methods whose repetition does what one request does (RFC 9110 §9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] as const;
const WITHOUT_BODY: ReadonlySet<string> = new Set(["GET", "HEAD"]);
/** Methods that change nothing at the remote, so that a key against repetition has no sense (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const MILDER = Object.fromEntries(
  IDEMPOTENT.map((method) => [method, SAFE.has(method) ? "safe" : "idempotent"] as const),
);

const FINAL = { retryable: false };
/** Failure of an attempt that the node's retry policy repeats. */
const BUSY = "http_busy";

interface WebRequest {
  url: string;
  method: (typeof METHODS)[number];
  headers: Record<string, string>;
  json_format: boolean;
  body: JsonObject | null;
  files: string[];
}

/**
 * HTTP request (autogpt.md §6.1, SendWebRequestBlock). A repeated POST may order, pay or send twice, and POST is the default. A lost attempt is
 * therefore not repeated unless the node's retry policy says so (the `Idempotency-Key` is then the same), or the node names a method that
 * HTTP itself lets anybody repeat.
 *
 * A busy server's answer is a value like any other (AutoGPT), unless the node's retry policy has attempts left for `http_busy`: then it is a failure of
 * this attempt, and the next one comes when the server's `Retry-After` is over. The last attempt gives the answer.
 */
export default defineBlock({
  id: "6595ae1f-b924-42cb-9a41-551a0611c4b4",
  name: "SendWebRequestBlock",
  description:
    "Sends an HTTP request and gives the answer on the pin of its kind: response for success, client_error for a status of 4xx, " +
    "server_error for 5xx. JSON answers arrive parsed, other text as text, anything else as a data URI. Answers may have up to 10 MB.",
  categories: ["OUTPUT"],
  effects: "once",
  effectsBy: { pin: "method", effects: MILDER },
  input: z.object({
    url: z.string().min(1).meta({
      description: "Address to send the request to, in full: https://…",
      placeholder: "https://api.example.com",
    }),
    method: z.enum(METHODS).default("POST").meta({ description: "HTTP method." }),
    headers: textsPin().default({}).meta({ description: "Headers to send." }),
    json_format: z
      .boolean()
      .default(true)
      .meta({ title: "JSON format", description: "Send the body as JSON; otherwise as form fields." }),
    body: dictionary().nullable().default(null).meta({ description: "What to send. GET and HEAD requests have none." }),
    files_name: z.string().default("file").meta({ description: "Name of the form field that carries the files." }),
    files: z
      .array(z.string().meta({ format: "file" }))
      .default([])
      .meta({ description: "Files to upload. Not available yet: leave it empty." }),
  }),
  output: z.object({
    response: anyValue().meta({ description: "Body of a successful answer." }),
    client_error: anyValue().meta({ description: "Body of an answer with a status of 4xx." }),
    server_error: anyValue().meta({ description: "Body of an answer with a status of 5xx." }),
  }),
  examples: [
    {
      name: "post JSON",
      input: { url: "https://api.example.com/orders", body: { item: "tea", count: 2 } },
      fetch: [{ url: "https://api.example.com/orders", method: "POST", status: 201, json: { id: 7 } }],
      expect: [["response", { id: 7 }]],
    },
    {
      name: "get text",
      input: { url: "https://example.com/motd", method: "GET" },
      fetch: [{ url: "https://example.com/motd", headers: { "content-type": "text/plain" }, text: "Hello" }],
      expect: [["response", "Hello"]],
    },
    {
      name: "an answer without content",
      input: { url: "https://api.example.com/orders/7", method: "DELETE" },
      fetch: [{ url: "https://api.example.com/orders/7", method: "DELETE", status: 204 }],
      expect: [["response", null]],
    },
    {
      name: "a mistake of the caller",
      input: { url: "https://api.example.com/orders/8", method: "GET" },
      fetch: [{ url: "https://api.example.com/orders/8", status: 404, json: { error: "no such order" } }],
      expect: [["client_error", { error: "no such order" }]],
    },
    {
      name: "a mistake of the server",
      input: { url: "https://api.example.com/orders", method: "GET" },
      fetch: [
        { url: "https://api.example.com/orders", status: 503, headers: { "content-type": "text/plain" }, text: "busy" },
      ],
      expect: [["server_error", "busy"]],
    },
    {
      name: "files",
      input: { url: "https://api.example.com/upload", files: ["data:text/plain,hi"] },
      expectError: "cannot send files yet",
    },
    {
      name: "a body where none can be",
      input: { url: "https://api.example.com/search", method: "GET", body: { q: "tea" } },
      expectError: "has no body",
    },
  ],
  async *run({ input, ctx }) {
    const giveUp = (status: number): boolean => isBusy(status, input.method) && ctx.retriesLeft(BUSY) > 0;
    const answer = await ctx.request(input.url.trim(), {
      ...requestOf(input, ctx),
      wants: (status) => !giveUp(status),
    });
    const { status } = answer;
    if (giveUp(status)) {
      throw new BlockError(BUSY, `The server is busy: it answered ${input.method} with the status ${status}.`, {
        retryable: true,
        retryAfterMs: retryAfterMs(answer.headers, ctx.now()),
      });
    }
    const pin = status < 400 ? "response" : status < 500 ? "client_error" : "server_error";
    yield [pin, contentOf(answer)];
  },
});

/**
 * The server says that it did not do what it was asked, for now (429, 503), or a gateway does not know (502, 504), which is as good where the
 * request may be repeated.
 */
function isBusy(status: number, method: string): boolean {
  const methods: readonly string[] = IDEMPOTENT;
  return status === 429 || status === 503 || ((status === 502 || status === 504) && methods.includes(method));
}

function requestOf(input: WebRequest, ctx: BlockContext): WholeRequest {
  if (input.files.length > 0) {
    throw new BlockError("files_not_supported", "This block cannot send files yet. Leave the files pin empty.", FINAL);
  }
  const body = input.body !== null && Object.keys(input.body).length > 0 ? input.body : null;
  if (body !== null && WITHOUT_BODY.has(input.method)) {
    throw new BlockError(
      "body_not_allowed",
      `A ${input.method} request has no body. Put the values into the URL, or choose another method.`,
      FINAL,
    );
  }
  // Without a prototype, so that every name is only a name.
  const headers = Object.create(null) as Record<string, string>;
  headers["accept"] = "application/json, text/*;q=0.9, */*;q=0.8";
  for (const [name, value] of Object.entries(input.headers)) {
    headers[headerName(name, value)] = value;
  }
  if (!SAFE.has(input.method)) {
    headers["idempotency-key"] ??= ctx.idempotencyKey;
  }
  const request: WholeRequest = { method: input.method, headers, maxBytes: MAX_ANSWER_BYTES };
  if (body === null) {
    return request;
  }
  headers["content-type"] ??= input.json_format ? "application/json" : "application/x-www-form-urlencoded";
  return { ...request, body: input.json_format ? JSON.stringify(body) : formOf(body) };
}

/** What every platform takes; the rest is asked of the platform, which costs more than a short request's other checks. */
const PLAIN_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const PLAIN_VALUE = /^[\t\x20-\x7e]*$/;

/** The name as it is compared, once it is sure that HTTP takes both. */
function headerName(name: string, value: string): string {
  if (PLAIN_NAME.test(name) && PLAIN_VALUE.test(value)) {
    return name.toLowerCase();
  }
  try {
    new Headers([[name, value]]);
    return name.toLowerCase();
  } catch {
    // The value may be a key: it is not repeated here.
    throw new BlockError(
      "invalid_header",
      `The header ${JSON.stringify(name)} has a name or value that HTTP does not allow.`,
      FINAL,
    );
  }
}

/** Form fields: a list gives its field several times, anything that is not text goes as JSON. */
function formOf(body: JsonObject): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      form.append(name, typeof item === "string" ? item : item === null ? "" : JSON.stringify(item));
    }
  }
  return form.toString();
}

function contentOf(answer: WholeAnswer): JsonValue {
  const type = (answer.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (answer.body === null) {
    return null;
  }
  if (type === "application/json" || type.endsWith("+json")) {
    return parseOrText(readText(answer));
  }
  if (
    type === "" ||
    type.startsWith("text/") ||
    /(^|[/+.-])(xml|javascript|yaml|x-www-form-urlencoded|x-ndjson|graphql)$/.test(type)
  ) {
    return readText(answer);
  }
  return dataUri(type, new Uint8Array(answer.body));
}

/** Servers announce JSON and then send an empty body or a page of an error; that is still an answer. */
function parseOrText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text === "" ? null : text;
  }
}

function dataUri(type: string, bytes: Uint8Array): string {
  const parts: string[] = [];
  // A multiple of three bytes, so that the parts of base64 can be joined.
  const step = 30_000;
  for (let at = 0; at < bytes.length; at += step) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + step))));
  }
  return `data:${type};base64,${parts.join("")}`;
}
