import { EgressError } from "./egress-error.ts";
import { untilAborted } from "./until-aborted.ts";

export interface CapOptions {
  maxBytes: number;
  method: string;
  /** The address that answered, for `Response.url`. */
  url: string;
  redirected: boolean;
  /** Aborts on time-out (reason: an EgressError) and when the caller aborts (the caller's reason). */
  signal: AbortSignal;
  /** Called once, when nothing more of the answer will be read. */
  done: () => void;
}

/** Answers that say that they are no larger are read at once: a stream of our own around a body costs more than a small body. */
const SMALL_BYTES = 65_536;

const STATUS_WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The answer as the caller gets it: its body counted (after decompression) and cut off at `maxBytes` with `egress_too_large`, or at
 * the signal. `Content-Encoding` and `Content-Length` of a compressed answer are gone, since the body is the decoded one. A promise for an answer that is
 * small: it resolves when its body is there.
 */
export function cappedResponse(raw: Response, options: CapOptions): Response | Promise<Response> {
  const headers = new Headers(raw.headers);
  const compressed = (headers.get("content-encoding") ?? "identity") !== "identity";
  if (compressed) {
    headers.delete("content-encoding");
    headers.delete("content-length");
  }
  if (raw.status < 200 || raw.status > 599) {
    discard(raw, options);
    throw new EgressError(
      "egress_network",
      `The server answered with the status ${raw.status}, which HTTP does not have.`,
    );
  }
  if (options.method !== "HEAD" && Number(headers.get("content-length") ?? 0) > options.maxBytes) {
    discard(raw, options);
    throw tooLarge(options.maxBytes);
  }
  const bare = raw.body === null || options.method === "HEAD" || STATUS_WITHOUT_BODY.has(raw.status);
  if (bare) {
    discard(raw, options);
  }
  if (!bare && !compressed && isSmall(headers.get("content-length"))) {
    return wholeBody(raw, options).then((bytes) => answer(raw, bytes, { headers, options }));
  }
  return answer(raw, bare || raw.body === null ? null : countedBody(raw.body, options), { headers, options });
}

/** An answer that has a body, uncompressed, and says that it is small: it can be read as it is. */
export function isShort(raw: Response, { method, maxBytes }: Pick<CapOptions, "method" | "maxBytes">): boolean {
  const { headers, status } = raw;
  const length = headers.get("content-length");
  return (
    isSmall(length) &&
    Number(length) > 0 &&
    Number(length) <= maxBytes &&
    status >= 200 &&
    status <= 599 &&
    method !== "HEAD" &&
    !STATUS_WITHOUT_BODY.has(status) &&
    (headers.get("content-encoding") ?? "identity") === "identity"
  );
}

function answer(
  raw: Response,
  body: ReadableStream<Uint8Array> | ArrayBuffer | null,
  { headers, options }: { headers: Headers; options: CapOptions },
): Response {
  const statusText = raw.statusText.replace(/[^\t\x20-\x7e]/g, "");
  const response = new Response(body, { status: raw.status, statusText, headers });
  Object.defineProperty(response, "url", { value: options.url });
  Object.defineProperty(response, "redirected", { value: options.redirected });
  return response;
}

function isSmall(length: string | null): boolean {
  return length !== null && /^\d{1,6}$/.test(length) && Number(length) <= SMALL_BYTES;
}

/** What the network stack reads is never longer than the length that it was told. */
async function wholeBody(raw: Response, options: CapOptions): Promise<ArrayBuffer> {
  const { signal } = options;
  try {
    return await untilAborted(raw.arrayBuffer(), signal);
  } catch {
    throw signal.aborted ? signal.reason : broken();
  } finally {
    options.done();
  }
}

function discard(raw: Response, options: CapOptions): void {
  raw.body?.cancel().catch(() => undefined);
  options.done();
}

function tooLarge(maxBytes: number): EgressError {
  return new EgressError(
    "egress_too_large",
    `The answer is larger than the ${maxBytes} bytes that one request may bring in.`,
  );
}

export function broken(): EgressError {
  return new EgressError("egress_network", "The connection broke before the answer was complete.");
}

function countedBody(source: ReadableStream<Uint8Array>, options: CapOptions): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  const { signal } = options;
  let left = options.maxBytes;
  let stop: (reason?: unknown) => void = () => undefined;
  const settle = (): void => {
    signal.removeEventListener("abort", stop);
    options.done();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = (reason) => {
          settle();
          controller.error(reason instanceof Event ? signal.reason : reason);
          reader.cancel().catch(() => undefined);
        };
        if (signal.aborted) {
          stop(signal.reason);
        } else {
          signal.addEventListener("abort", stop);
        }
      },
      async pull(controller) {
        const chunk = await reader.read().catch(() => {
          throw signal.aborted ? signal.reason : broken();
        });
        if (signal.aborted) {
          return;
        }
        if (chunk.done) {
          settle();
          controller.close();
          return;
        }
        left -= chunk.value.byteLength;
        if (left < 0) {
          stop(tooLarge(options.maxBytes));
          return;
        }
        controller.enqueue(chunk.value);
      },
      async cancel(reason) {
        settle();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
