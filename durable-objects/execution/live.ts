import type { LogBatch } from "./core/log-event.ts";
import type { History } from "./history.ts";

/** Events read at a time for a subscriber that is behind. */
const PAGE = 500;

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

  constructor(host: SocketHost) {
    this.#host = host;
  }

  /** Takes a socket on and sends it everything after `after`. */
  subscribe(socket: WebSocket, after: number, run: { history: History; ended: boolean; lastSeq: number }): void {
    this.#host.acceptWebSocket(socket);
    socket.serializeAttachment({ after } satisfies Attachment);
    this.#catchUp(socket, run);
    if (run.ended) {
      close(socket);
    }
  }

  /** Sends a batch that was just committed to everybody. */
  publish(batch: LogBatch, run: { history: History; ended: boolean; lastSeq: number }): void {
    const sockets = this.#host.getWebSockets();
    if (sockets.length === 0) {
      run.history.remember(batch);
      return;
    }
    const messages = run.history.present(batch).map((event) => JSON.stringify(event));
    for (const socket of sockets) {
      if (sentUpTo(socket) === batch.first_seq - 1) {
        send(socket, messages, run.lastSeq);
      } else {
        this.#catchUp(socket, run);
      }
      if (run.ended) {
        close(socket);
      }
    }
  }

  #catchUp(socket: WebSocket, run: { history: History; lastSeq: number }): void {
    let after = sentUpTo(socket);
    while (after < run.lastSeq) {
      const events = run.history.events(after, PAGE);
      const last = events.at(-1);
      if (
        last === undefined ||
        !send(
          socket,
          events.map((event) => JSON.stringify(event)),
          last.seq,
        )
      ) {
        return;
      }
      after = last.seq;
    }
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

function close(socket: WebSocket): void {
  try {
    socket.close(1000, "The run has ended.");
  } catch {
    // Closed by the other side already.
  }
}
