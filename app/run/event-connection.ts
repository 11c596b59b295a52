import type { ExecutionEvent } from "#graph/run/event.ts";

/** How the page hears of a run. `retryAt` in ms since the epoch. */
export type ConnectionState =
  | { kind: "idle" }
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "reconnecting"; retryAt: number }
  | { kind: "refused" }
  | { kind: "ended" };

/** What the connection needs of a WebSocket, so that tests can give it another. */
export type Socket = Pick<WebSocket, "close" | "addEventListener">;

export interface EventConnectionOptions {
  /** Newest sequence number already known. */
  after: number;
  connect(after: number): Socket;
  /** Asked after a handshake that failed: is there any sense in trying again? */
  mayRetry(): Promise<boolean>;
  onEvent(event: ExecutionEvent): void;
  onState(state: ConnectionState): void;
  now(): number;
  random(): number;
  /** Does anybody look? If not, the next attempt waits until `retryNow`. Default: yes. */
  wanted?(): boolean;
}

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;
/** A socket that lives as long has shown that the way is clear; one that is closed at once, over and over, must not be asked for at once. */
const STEADY_MS = 10_000;
const TERMINAL = new Set(["execution_completed", "execution_failed", "execution_terminated"]);

/**
 * The events of one run, each once and in order, across any number of lost connections: every new socket asks for what follows the last
 * event seen. A run may wait for weeks, and its pages with it: the waits between attempts grow from 0.5 s to 60 s, with jitter, and start over
 * once an event came through or a socket has lived for 10 s; while nobody looks at the page, no attempt is made at all.
 */
export class EventConnection {
  readonly #options: EventConnectionOptions;
  #lastSeq: number;
  #socket: Socket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #openedAt: number | null = null;
  #closed = false;

  constructor(options: EventConnectionOptions) {
    this.#options = options;
    this.#lastSeq = options.after;
  }

  /** Begins, or goes on where it was closed. */
  open(): void {
    this.#closed = false;
    this.#connect();
  }

  /** Skips what is left of the wait before the next attempt. */
  retryNow(): void {
    if (!this.#closed) {
      this.#connect();
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #connect(): void {
    if (this.#socket !== null) {
      return;
    }
    clearTimeout(this.#timer);
    this.#options.onState({ kind: "connecting" });
    const socket = this.#options.connect(this.#lastSeq);
    this.#socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      if (this.#socket === socket) {
        this.#openedAt = this.#options.now();
        this.#options.onState({ kind: "live" });
      }
    });
    socket.addEventListener("message", ({ data }) => {
      if (this.#socket === socket) {
        this.#receive(data);
      }
    });
    socket.addEventListener("close", () => {
      if (this.#socket === socket) {
        this.#socket = null;
        void this.#lost(opened);
      }
    });
  }

  #connectIfWanted(): void {
    if (this.#options.wanted?.() ?? true) {
      this.#connect();
    }
  }

  #receive(data: unknown): void {
    const event = parseEvent(data);
    if (event === undefined || event.seq <= this.#lastSeq) {
      return;
    }
    if (event.seq !== this.#lastSeq + 1) {
      // Something got lost between: ask again for what follows the last one seen.
      this.#drop();
      return;
    }
    this.#lastSeq = event.seq;
    this.#failures = 0;
    this.#options.onEvent(event);
    if (TERMINAL.has(event.type)) {
      this.close();
      this.#options.onState({ kind: "ended" });
    }
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(4000);
    void this.#lost(true);
  }

  async #lost(opened: boolean): Promise<void> {
    if (this.#closed) {
      return;
    }
    const { now } = this.#options;
    if (this.#openedAt !== null && now() - this.#openedAt >= STEADY_MS) {
      this.#failures = 0;
    }
    this.#openedAt = null;
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures);
    const wait = delay / 2 + this.#options.random() * (delay / 2);
    this.#failures += 1;
    this.#options.onState({ kind: "reconnecting", retryAt: now() + wait });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connectIfWanted(), wait);
    if (!opened && !(await this.#options.mayRetry()) && !this.#closed) {
      this.close();
      this.#options.onState({ kind: "refused" });
    }
  }
}

function parseEvent(data: unknown): ExecutionEvent | undefined {
  if (typeof data !== "string") {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(data);
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The server is ours: what has a `seq` and a `type` is an event. Transient frames have no `seq`. */
function isEvent(value: unknown): value is ExecutionEvent {
  return (
    typeof value === "object" &&
    value !== null &&
    "seq" in value &&
    typeof value.seq === "number" &&
    "type" in value &&
    typeof value.type === "string"
  );
}
