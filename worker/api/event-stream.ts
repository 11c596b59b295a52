import { TERMINAL_EVENT_TYPES } from "#worker/contracts/event.ts";

/** A comment this often keeps proxies from taking a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;
/** A client that lags behind by more is cut off; it comes back with `Last-Event-ID` and loses nothing. */
const MAX_QUEUED_CHARS = 8 * 1024 * 1024;

/**
 * Server-sent events out of a run's live WebSocket: `id` is the event's `seq`, `event` its type, `data` its JSON. Ends after the
 * terminal event.
 */
export function eventStream(socket: WebSocket): Response {
  const encoder = new TextEncoder();
  let finish = (): void => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const keepAlive = setInterval(() => controller.enqueue(encoder.encode(": keep-alive\n\n")), KEEP_ALIVE_MS);
        let open = true;
        finish = () => {
          if (open) {
            open = false;
            clearInterval(keepAlive);
            closeQuietly(socket);
          }
        };
        const end = (): void => {
          if (open) {
            finish();
            controller.close();
          }
        };
        socket.addEventListener("message", ({ data }) => {
          if (!open || typeof data !== "string") {
            return;
          }
          const { text, last } = toFrame(data);
          controller.enqueue(encoder.encode(text));
          if (last || (controller.desiredSize ?? 0) < -MAX_QUEUED_CHARS) {
            end();
          }
        });
        socket.addEventListener("close", end);
        socket.addEventListener("error", end);
        socket.accept();
      },
      cancel() {
        finish();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
  );
  return new Response(body, {
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    },
  });
}

/** JSON has no raw line breaks, so an event is always one `data` line. */
function toFrame(message: string): { text: string; last: boolean } {
  const { seq, type } = JSON.parse(message) as { seq: number; type: string };
  return { text: `id: ${seq}\nevent: ${type}\ndata: ${message}\n\n`, last: TERMINAL_EVENT_TYPES.has(type) };
}

function closeQuietly(socket: WebSocket): void {
  try {
    socket.close(1000);
  } catch {
    // The other side was faster.
  }
}
