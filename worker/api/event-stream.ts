import type { ExecutionEvent } from "#graph/run/event.ts";
import { TERMINAL_EVENT_TYPES } from "#worker/contracts/event.ts";

/** A comment this often keeps proxies from taking a quiet stream for a dead one. */
const KEEP_ALIVE_MS = 15_000;
/** A client that lags behind by more is cut off; it comes back with `Last-Event-ID` and loses nothing. */
const MAX_QUEUED_CHARS = 8 * 1024 * 1024;

/** A run's events: pages of what there is, and a socket for what comes. */
export interface EventFeed {
  /** Events after `after`, and whether there will be more. */
  page(after: number): Promise<{ items: ExecutionEvent[]; last_seq: number; ended: boolean }>;
  /** Everything after `after`, as it comes. */
  live(after: number): Promise<WebSocket>;
}

/**
 * Server-sent events of a run from `after` on: `id` is the event's `seq`, `event` its type, `data` its JSON. Ends after the terminal event. What there is
 * already is read by the page, no faster than the client takes it, so a long log is never held; then the run's live WebSocket goes on.
 * @throws what the feed throws for its first page
 */
export async function eventStream(feed: EventFeed, after: number): Promise<Response> {
  const stream = new EventFrames(feed, after);
  await stream.readPage();
  return new Response(stream.body(), {
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Accel-Buffering": "no",
    },
  });
}

class EventFrames {
  readonly #feed: EventFeed;
  readonly #encoder = new TextEncoder();
  #after: number;
  /** Frames of a page that the client has not asked for yet. */
  #frames = "";
  /** There is nothing more to read by the page. */
  #read = false;
  #ended = false;
  #socket: WebSocket | null = null;
  #keepAlive: ReturnType<typeof setInterval> | undefined;
  #open = true;

  constructor(feed: EventFeed, after: number) {
    this.#feed = feed;
    this.#after = after;
  }

  body(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#keepAlive = setInterval(() => this.#send(controller, ": keep-alive\n\n"), KEEP_ALIVE_MS);
        },
        pull: async (controller) => {
          try {
            await this.#pull(controller);
          } catch (error) {
            this.#finish();
            throw error;
          }
        },
        cancel: () => this.#finish(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }),
    );
  }

  async readPage(): Promise<void> {
    const { items, last_seq, ended } = await this.#feed.page(this.#after);
    this.#frames = items.map((event) => toFrame(JSON.stringify(event), event)).join("");
    this.#after = items.at(-1)?.seq ?? this.#after;
    this.#read = items.length === 0 || this.#after >= last_seq;
    this.#ended = this.#read && ended;
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#frames === "" && !this.#read) {
      await this.readPage();
    }
    this.#send(controller, this.#frames);
    this.#frames = "";
    if (this.#ended) {
      this.#close(controller);
    } else if (this.#read && this.#socket === null && this.#open) {
      this.#follow(await this.#feed.live(this.#after), controller);
    }
  }

  #follow(socket: WebSocket, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") {
        return;
      }
      const event = JSON.parse(data) as { seq: number; type: string };
      this.#send(controller, toFrame(data, event));
      if (TERMINAL_EVENT_TYPES.has(event.type) || (controller.desiredSize ?? 0) < -MAX_QUEUED_CHARS) {
        this.#close(controller);
      }
    });
    socket.addEventListener("close", () => this.#close(controller));
    socket.addEventListener("error", () => this.#close(controller));
    socket.accept();
    if (!this.#open) {
      closeQuietly(socket);
    }
  }

  #send(controller: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    if (this.#open && text !== "") {
      controller.enqueue(this.#encoder.encode(text));
    }
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#open) {
      this.#finish();
      controller.close();
    }
  }

  #finish(): void {
    this.#open = false;
    clearInterval(this.#keepAlive);
    if (this.#socket !== null) {
      closeQuietly(this.#socket);
    }
  }
}

/** JSON has no raw line breaks, so an event is always one `data` line. */
function toFrame(json: string, { seq, type }: { seq: number; type: string }): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${json}\n\n`;
}

function closeQuietly(socket: WebSocket): void {
  try {
    socket.close(1000);
  } catch {
    // The other side was faster.
  }
}
