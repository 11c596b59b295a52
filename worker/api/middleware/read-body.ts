import { ServiceError } from "#worker/services/service-error.ts";

/** How much of a body that is too large is still read and thrown away, so that the client gets the answer and not a reset. */
const MAX_DRAIN_BYTES = 128 * 1024 * 1024;

/**
 * Reads a body into memory, at most `maxBytes`. `Content-Length` is only a reason to refuse early, never believed:
 * what counts is what arrives.
 * @throws ServiceError 413 `body_too_large`.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (request.body === null) {
    return new Uint8Array();
  }
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    total += read.value.byteLength;
    if (total > maxBytes) {
      chunks.length = 0;
      if (total > MAX_DRAIN_BYTES) {
        await reader.cancel();
        break;
      }
      continue;
    }
    chunks.push(read.value);
  }
  if (total > maxBytes) {
    throw new ServiceError(
      413,
      "body_too_large",
      `The body is larger than ${maxBytes} bytes, the most this address takes.`,
      {
        details: { max_bytes: maxBytes },
      },
    );
  }
  return concat(chunks, total);
}

function concat(chunks: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
