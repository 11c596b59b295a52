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
const net = require("node:net");
const [host, port, count] = process.argv.slice(1);
const listen = (options) => new Promise((done, fail) => {
  const server = net.createServer();
  server.once("error", fail);
  server.listen({ host, backlog: ${BACKLOG}, ...options }, () => done(server));
});
const send = (message, handle) => new Promise((done) => process.send(message, handle, done));
(async () => {
  const first = await listen({ port: Number(port) });
  const { port: chosen } = first.address();
  if (count === "1") return send({ port: chosen }, first._handle);
  await new Promise((done) => first.close(done));
  for (let index = 0; index < Number(count); index++) {
    await send({ port: chosen }, (await listen({ port: chosen, reusePort: true }))._handle);
  }
})().catch(({ code, message }) => send({ code, message })).finally(() => process.exit());
`;

/** Where the kernel divides connections among the sockets of a port; elsewhere whoever is first takes what is there. */
const DIVIDES = process.platform === "linux";

/**
 * Opens a port (0: any free one) and keeps it until it is closed, also while the runtime is started anew. For several processes there are several sockets, each for one of them, where the kernel divides
 * connections among them; otherwise there is one. A port that anybody listens on already is refused, also where others would be let in. Where sockets cannot be handed on (Windows) the port is only tried, and the answer is null.
 * @throws Error with the `code` of listen(2), such as EADDRINUSE
 */
export async function openListeningSockets(
  host: string,
  port: number,
  processes = 1,
): Promise<ListeningSocket[] | null> {
  if (process.platform === "win32") {
    await tryPort(host, port);
    return null;
  }
  const count = DIVIDES ? processes : 1;
  const maker = spawn(process.execPath, ["-e", SOURCE, host, String(port), String(count)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [sockets] = await Promise.all([madeBy(maker, count), once(maker, "exit")]);
  return sockets;
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

async function madeBy(maker: ChildProcess, count: number): Promise<ListeningSocket[]> {
  const made: ListeningSocket[] = [];
  try {
    await new Promise<void>((done, fail) => {
      maker.once("error", fail);
      maker.once("exit", (code, signal) => fail(new Error(`No socket was made: ${signal ?? code}`)));
      maker.on("message", (message: Made | Refused, handle: unknown) => {
        if ("code" in message) return fail(Object.assign(new Error(message.message), { code: message.code }));
        if (!isHandle(handle)) return fail(new Error("The socket did not arrive."));
        made.push(kept(handle, message.port));
        if (made.length === count) done();
      });
    });
  } catch (error) {
    for (const socket of made) socket.close();
    throw error;
  }
  return made;
}

async function tryPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((done, fail) => {
    probe.once("error", fail);
    probe.listen({ host, port, exclusive: true }, done);
  });
  await new Promise((done) => probe.close(done));
}
