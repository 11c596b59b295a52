import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port that listens, whoever accepts on it: who connects meanwhile waits until somebody does. */
export interface ListeningSocket {
  /** To be handed to a process that accepts. */
  fd: number;
  port: number;
  close(): void;
}

/** No more than the kernel allows (`net.core.somaxconn`). */
const BACKLOG = 4_096;

/**
 * A process that makes the socket, passes it on and ends. In the process that is to keep the socket open Node would accept connections itself, as soon as it listens; a
 * handle that came from elsewhere is left alone.
 */
const SOURCE = `
const [host, port] = process.argv.slice(1);
const server = require("node:net").createServer();
server.once("error", ({ code, message }) => process.send({ code, message }, () => process.exit()));
server.listen({ host, port: Number(port), backlog: ${BACKLOG} }, () =>
  process.send({ port: server.address().port }, server._handle, () => process.exit()));
`;

/**
 * Opens a port (0: any free one) and keeps it until it is closed, also while the runtime is started anew. Where sockets cannot be handed on (Windows) the port is
 * only tried, and the answer is null.
 * @throws Error with the `code` of listen(2), such as EADDRINUSE
 */
export async function openListeningSocket(host: string, port: number): Promise<ListeningSocket | null> {
  if (process.platform === "win32") {
    await tryPort(host, port);
    return null;
  }
  const maker = spawn(process.execPath, ["-e", SOURCE, host, String(port)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [socket] = await Promise.all([madeBy(maker), once(maker, "exit")]);
  return socket;
}

interface Made {
  port: number;
}

interface Refused {
  code: string;
  message: string;
}

interface Handle {
  fd: number;
  close(): void;
}

function isHandle(value: unknown): value is Handle {
  return (
    typeof value === "object" && value !== null && "fd" in value && typeof value.fd === "number" && "close" in value
  );
}

/** Handles are kept from the garbage collector, which would close them. */
const open = new Set<Handle>();

function kept(handle: Handle, port: number): ListeningSocket {
  open.add(handle);
  const { fd } = handle;
  return {
    fd,
    port,
    close() {
      if (open.delete(handle)) handle.close();
    },
  };
}

function madeBy(maker: ChildProcess): Promise<ListeningSocket> {
  return new Promise((done, fail) => {
    maker.once("error", fail);
    maker.once("exit", (code, signal) => fail(new Error(`No socket was made: ${signal ?? code}`)));
    maker.once("message", (message: Made | Refused, handle: unknown) => {
      if ("code" in message) {
        fail(Object.assign(new Error(message.message), { code: message.code }));
      } else if (isHandle(handle)) {
        done(kept(handle, message.port));
      } else {
        fail(new Error("The socket did not arrive."));
      }
    });
  });
}

async function tryPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((done, fail) => {
    probe.once("error", fail);
    probe.listen({ host, port, exclusive: true }, done);
  });
  await new Promise((done) => probe.close(done));
}
