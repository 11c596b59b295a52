import type { ObjectHost } from "./object-host.ts";

/** The two ends of a WebSocket between an object and a subscriber. What the object sends arrives in order, or the socket breaks. */
export interface ClientEnd {
  onMessage: (text: string) => void;
  onClose: (code: number) => void;
}

export class SocketPair {
  readonly server: ServerEnd;
  /** Where the client's end is plugged in; what came before waits. */
  #client: ClientEnd | null = null;
  #waiting: ((client: ClientEnd) => void)[] = [];
  broken = false;

  constructor(host: ObjectHost) {
    this.server = new ServerEnd(host, this);
  }

  attach(client: ClientEnd): void {
    this.#client = client;
    for (const arrive of this.#waiting.splice(0)) {
      arrive(client);
    }
  }

  arrive(what: (client: ClientEnd) => void): void {
    if (this.#client === null) {
      this.#waiting.push(what);
    } else {
      what(this.#client);
    }
  }
}

/** The object's end: as much of a hibernatable WebSocket as the object uses. */
export class ServerEnd {
  readonly pair: SocketPair;
  readonly #host: ObjectHost;
  #attachment = "null";
  closed = false;

  constructor(host: ObjectHost, pair: SocketPair) {
    this.#host = host;
    this.pair = pair;
  }

  send(text: string): void {
    if (this.closed) {
      throw new TypeError("Can't call WebSocket send() after close().");
    }
    this.#host.sendOn(this.pair, text);
  }

  close(code: number): void {
    if (!this.closed) {
      this.closed = true;
      this.#host.closeOn(this.pair, code);
    }
  }

  serializeAttachment(value: unknown): void {
    this.#attachment = JSON.stringify(value);
  }

  deserializeAttachment(): unknown {
    return JSON.parse(this.#attachment);
  }
}
