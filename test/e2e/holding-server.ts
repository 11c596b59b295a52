import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server whose answers wait: it answers a path `/<run>/…` only once that run was let go. */
export class HoldingServer {
  readonly #held = new Map<string, ServerResponse[]>();
  readonly #open = new Set<string>();
  /** `GET /a/3`, as they came. */
  readonly seen: string[] = [];
  readonly #server = createServer((request, response) => this.#take(request, response));
  #arrived: () => void = () => undefined;
  host = "";

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many calls of a run are there. */
  async calls(run: string, count: number): Promise<void> {
    while (this.of(run).length < count) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  of(run: string): string[] {
    return this.seen.filter((call) => call.includes(`/${run}/`));
  }

  letGo(run: string): void {
    this.#open.add(run);
    for (const response of this.#held.get(run) ?? []) {
      answer(response);
    }
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #take({ method, url = "" }: IncomingMessage, response: ServerResponse): void {
    const run = url.split("/")[1] ?? "";
    this.seen.push(`${method} ${url}`);
    this.#arrived();
    if (this.#open.has(run)) {
      answer(response);
    } else {
      this.#held.set(run, [...(this.#held.get(run) ?? []), response]);
    }
  }
}

function answer(response: ServerResponse): void {
  response.setHeader("content-type", "application/json").end('"ok"');
}
