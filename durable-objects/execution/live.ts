import type { LogBatch } from "./core/log-event.ts";
import type { History } from "./history.ts";

/** Events read at a time for a subscriber that is behind. */
const PAGE = 500;

/** Events that a subscriber who is behind is sent at a stretch; then others have their turn, and the socket takes what it was given. */
const STRETCH = 5_000;

/** The run as it is whenever it is looked at. */
export interface LiveRun {
  readonly history: History;
  readonly ended: boolean;
  readonly lastSeq: number;
}

/** The socket's own memory over hibernation: the last event it was sent. */
interface Attachment {
  after: number;
}

/** What the live view needs of the platform. */
export interface SocketHost {
  acceptWebSocket(socket: WebSocket): void;
  getWebSockets(): WebSocket[];
}

/**
 * Subscribers of one run. Every event reaches every subscriber once and in order: what a socket has been sent is a number kept with
 * the socket, and it is only ever sent what follows. Rules LV1 to LV4 of SPEC.md.
 */
export class LiveView {
  readonly #host: SocketHost;
  /** Sockets that are sent the next stretch in a moment: a commit meanwhile leaves them alone. */
  readonly #behind = new WeakSet<WebSocket>();

  constructor(host: SocketHost) {
    this.#host = host;
  }

  /** Takes a socket on and sends it everything after `after`. */
  subscribe(socket: WebSocket, after: number, run: LiveRun): void {
    this.#host.acceptWebSocket(socket);
    socket.serializeAttachment({ after } satisfies Attachment);
    this.#catchUp(socket, run);
  }

  /** Sends a batch that was just committed to everybody. */
  publish(batch: LogBatch, run: LiveRun): void {
    const sockets = this.#host.getWebSockets();
    if (sockets.length === 0) {
      run.history.remember(batch);
      return;
    }
    const messages = run.history.present(batch).map((event) => JSON.stringify(event));
    for (const socket of sockets) {
      if (this.#behind.has(socket)) {
        continue;
      }
      if (sentUpTo(socket) === batch.first_seq - 1) {
        send(socket, messages, run.lastSeq);
        closeAtEnd(socket, run);
      } else {
        this.#catchUp(socket, run);
      }
    }
  }

  /** Sends the next stretch, and the rest in a moment; the run is asked again then, for it goes on. */
  #catchUp(socket: WebSocket, run: LiveRun): void {
    const end = sentUpTo(socket) + STRETCH;
    let after = sentUpTo(socket);
    while (after < run.lastSeq && after < end) {
      const events = run.history.events(after, PAGE);
      const last = events.at(-1);
      const messages = events.map((event) => JSON.stringify(event));
      if (last === undefined || !send(socket, messages, last.seq)) {
        return;
      }
      after = last.seq;
    }
    if (after >= run.lastSeq) {
      closeAtEnd(socket, run);
      return;
    }
    this.#behind.add(socket);
    setTimeout(() => {
      this.#behind.delete(socket);
      this.#catchUp(socket, run);
    }, 0);
  }
}

function sentUpTo(socket: WebSocket): number {
  return (socket.deserializeAttachment() as Attachment | null)?.after ?? 0;
}

/** False when the socket is gone; its client comes back with what it has. */
function send(socket: WebSocket, messages: string[], after: number): boolean {
  try {
    for (const message of messages) {
      socket.send(message);
    }
    socket.serializeAttachment({ after } satisfies Attachment);
    return true;
  } catch {
    return false;
  }
}

function closeAtEnd(socket: WebSocket, run: LiveRun): void {
  if (!run.ended) {
    return;
  }
  try {
    socket.close(1000, "The run has ended.");
  } catch {
    // Closed by the other side already.
  }
}
