import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { openListeningSockets } from "./listening-socket.ts";

/** Accepts one connection on the descriptor 3, says its number, and is gone. */
const SOURCE = `require("node:net").createServer((one) => one.end(process.argv[1], () => process.exit())).listen({ fd: 3 })`;

it.skipIf(process.platform === "win32")("lets who connects wait for the next process that accepts", async () => {
  const [socket] = (await openListeningSockets("127.0.0.1", 0)) ?? [];
  if (socket === undefined) throw new Error("No socket.");
  const accept = async (name: string): Promise<void> => {
    const child = spawn(process.execPath, ["-e", SOURCE, name], { stdio: ["ignore", "inherit", "inherit", socket.fd] });
    await once(child, "exit");
  };
  const first = connect(socket.port, "127.0.0.1");
  const second = connect(socket.port, "127.0.0.1");
  await Promise.all([once(first, "connect"), once(second, "connect")]);
  await accept("first");
  await accept("second");
  expect([await text(first), await text(second)].toSorted()).toEqual(["first", "second"]);

  await expect(openListeningSockets("127.0.0.1", socket.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  socket.close();
  const [again] = (await openListeningSockets("127.0.0.1", socket.port)) ?? [];
  expect(again?.port).toBe(socket.port);
  again?.close();
});

it.runIf(process.platform === "linux")(
  "has a socket for each process, among which connections are divided, and lets nobody else in",
  async () => {
    const sockets = (await openListeningSockets("127.0.0.1", 0, 3)) ?? [];
    expect(sockets).toHaveLength(3);
    const [port] = new Set(sockets.map((one) => one.port));
    const clients = Array.from({ length: 60 }, () => connect(port ?? 0, "127.0.0.1"));
    await Promise.all(clients.map((client) => once(client, "connect")));
    await expect(openListeningSockets("127.0.0.1", port ?? 0, 2)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await expect(openListeningSockets("127.0.0.1", port ?? 0)).rejects.toMatchObject({ code: "EADDRINUSE" });
    const waiting = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === "0A" && local?.endsWith(`:${hexPort(port ?? 0)}`))
      .map((columns) => Number.parseInt(columns[4]?.split(":")[1] ?? "0", 16));
    expect(waiting).toHaveLength(3);
    expect(waiting.every((count) => count > 0)).toBe(true);
    for (const client of clients) client.destroy();
    for (const socket of sockets) socket.close();
  },
);

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}

it("says why it cannot listen", async () => {
  await expect(openListeningSockets("192.0.2.1", 0)).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
});
