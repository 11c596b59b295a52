import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** Servers that do to a client what none should, on raw sockets: no HTTP library stands between the bytes and the client. */

const head = (...lines: string[]): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n${lines.join("\r\n")}\r\n\r\n`;

/** What is written to a client that has sent its request, by path. */
const MANNERS: Readonly<Record<string, (socket: Socket) => void>> = {
  "/never": () => undefined,
  "/half-a-head": (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
  "/drip": (socket) => {
    socket.write(head("content-length: 1000000"));
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(timer));
  },
  "/endless": (socket) => {
    socket.write(head("connection: close"));
    const chunk = "x".repeat(100_000);
    const write = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on("drain", write);
    write();
  },
  "/endless-chunks": (socket) => {
    socket.write(head("transfer-encoding: chunked"));
    const chunk = `186a0\r\n${"x".repeat(100_000)}\r\n`;
    const write = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on("drain", write);
    write();
  },
  "/announces-more": (socket) => socket.end(`${head("content-length: 100")}short`),
  "/announces-less": (socket) => socket.end(`${head("content-length: 5", "connection: close")}hello and much more`),
  "/announces-a-terabyte": (socket) => void socket.write(`${head("content-length: 1000000000000")}x`),
  "/announces-nonsense": (socket) => socket.end(`${head("content-length: -7")}hello`),
  "/announces-twice": (socket) => socket.end(`${head("content-length: 5", "content-length: 6")}hello!`),
  "/hangs-up": (socket) => socket.destroy(),
  "/no-http": (socket) => socket.end("220 mail.example.com ESMTP\r\n"),
  "/broken-chunks": (socket) => socket.end(`${head("transfer-encoding: chunked")}zz\r\nhello\r\n`),
};

export class BadServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
      socket.once("data", (data) => {
        const path = /^\S+ (\S+)/.exec(data.toString("latin1"))?.[1] ?? "";
        const behave = Object.hasOwn(MANNERS, path) ? MANNERS[path] : undefined;
        (behave ?? ((other: Socket) => other.end(`${head("content-length: 2", "connection: close")}ok`)))(socket);
      });
    });
  }

  static async start(): Promise<BadServer> {
    const server = new BadServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }
}
