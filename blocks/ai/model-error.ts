import { APIConnectionTimeoutError as AnthropicTimeout } from "@anthropic-ai/sdk";
import { APIConnectionTimeoutError as OpenAiTimeout } from "openai";
import { BlockError } from "#blocks/define-block.ts";
import { retryAfterMs } from "#blocks/net/retry-after.ts";
import type { ModelEndpoint } from "./model-client.ts";

const MAX_DETAIL_LENGTH = 500;
/** Types of error that Anthropic sends within a stream, where there is no status. */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  overloaded_error: 529,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  server_error: 500,
};

/** The same request would be answered the same way. */
const FINAL = { retryable: false };

/** What both clients' errors have in common. */
interface ApiErrorShape {
  status?: unknown;
  headers?: unknown;
  error?: unknown;
  type?: unknown;
}

/**
 * What a client threw, as a BlockError:
 * `model_rate_limited` (429, retryable, with the server's `Retry-After`), `model_unavailable` (5xx, 408, 409, 529, broken connection; retryable),
 * `model_timeout` (retryable), and, which no repetition mends, `model_unauthorized` (401, 403), `model_not_found` (404), `model_input_too_long`, `model_rejected` (any other
 * 4xx). Errors of the guarded `fetch` keep their own codes. The key is cut out of every text.
 */
export function modelError(error: unknown, endpoint: ModelEndpoint): BlockError {
  const guarded = findBlockError(error);
  if (guarded !== undefined) {
    return new BlockError(guarded.code, `${endpoint.name}: ${guarded.message}`, {
      retryable: guarded.retryable,
      retryAfterMs: guarded.retryAfterMs,
    });
  }
  const shape: ApiErrorShape = typeof error === "object" && error !== null ? error : {};
  const status = typeof shape.status === "number" ? shape.status : STATUS_OF_TYPE[String(shape.type)];
  const detail = redact(detailOf(shape, error), endpoint.apiKey);
  const asked = shape.headers instanceof Headers ? retryAfterMs(shape.headers, Date.now()) : undefined;
  if (status !== undefined) {
    return statusError(status, { name: endpoint.name, detail, retryAfterMs: asked });
  }
  if (error instanceof OpenAiTimeout || error instanceof AnthropicTimeout) {
    return new BlockError("model_timeout", `${endpoint.name} did not answer in time.`, { retryable: true });
  }
  return new BlockError("model_unavailable", `${endpoint.name} gave no usable answer: ${detail}`, { retryable: true });
}

function statusError(
  status: number,
  about: { name: string; detail: string; retryAfterMs: number | undefined },
): BlockError {
  const { name, detail, retryAfterMs } = about;
  if (status === 429) {
    return new BlockError("model_rate_limited", `${name} asks to slow down: ${detail}`, {
      retryable: true,
      retryAfterMs,
    });
  }
  if (status >= 500 || status === 408 || status === 409) {
    return new BlockError("model_unavailable", `${name} failed with the status ${status}: ${detail}`, {
      retryable: true,
      retryAfterMs,
    });
  }
  if (status === 401 || status === 403) {
    return new BlockError(
      "model_unauthorized",
      `${name} refuses the key: ${detail} Check the key and what it may use.`,
      FINAL,
    );
  }
  if (status === 404) {
    return new BlockError(
      "model_not_found",
      `${name} does not know the model or the address: ${detail} Check the model's name and the base URL.`,
      FINAL,
    );
  }
  if (
    status === 413 ||
    /context.{0,10}(length|window)|maximum context|prompt is too long|too many tokens/i.test(detail)
  ) {
    return new BlockError(
      "model_input_too_long",
      `The prompt is too long for the model: ${detail} Shorten it, or choose another model.`,
      FINAL,
    );
  }
  return new BlockError("model_rejected", `${name} rejects the request with the status ${status}: ${detail}`, FINAL);
}

function findBlockError(error: unknown): BlockError | undefined {
  let current = error;
  for (let depth = 0; depth < 8 && current instanceof Error; depth += 1) {
    if (current instanceof BlockError) {
      return current;
    }
    current = current.cause;
  }
  return undefined;
}

/** The provider's own words when its error has them, else the client's. */
function detailOf(shape: ApiErrorShape, error: unknown): string {
  const text = messageIn(shape.error) ?? (error instanceof Error ? error.message : String(error));
  const short = text.length > MAX_DETAIL_LENGTH ? `${text.slice(0, MAX_DETAIL_LENGTH)}…` : text;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}

/** OpenAI: `{message}`; Anthropic: `{type: "error", error: {message}}`. */
function messageIn(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) {
    return undefined;
  }
  const { message, error } = body as { message?: unknown; error?: unknown };
  return typeof message === "string" ? message : messageIn(error);
}

/** Providers repeat keys, or parts of them, in their errors. */
export function redact(text: string, apiKey: string): string {
  const whole = apiKey.length >= 4 ? text.replaceAll(apiKey, "[redacted]") : text;
  return whole
    .replace(/\b(?:sk|pk|rk|gsk|xai|key)[-_][\w*.-]{6,}/gi, "[redacted]")
    .replace(/\bBearer\s+\S+/gi, "Bearer [redacted]");
}

/** The stream ended before the model had. */
export function cutStream(endpoint: ModelEndpoint): BlockError {
  return new BlockError("model_unavailable", `${endpoint.name} broke off in the middle of its answer.`, {
    retryable: true,
  });
}
