import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";
import { openListeningSocket } from "./listening-socket.ts";

/** Accepts one connection on the descriptor 3, says its number, and is gone. */
const SOURCE = `require("node:net").createServer((one) => one.end(process.argv[1], () => process.exit())).listen({ fd: 3 })`;

it.skipIf(process.platform === "win32")("lets who connects wait for the next process that accepts", async () => {
  const socket = await openListeningSocket("127.0.0.1", 0);
  if (socket === null) throw new Error("No socket.");
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

  await expect(openListeningSocket("127.0.0.1", socket.port)).rejects.toMatchObject({ code: "EADDRINUSE" });
  socket.close();
  const again = await openListeningSocket("127.0.0.1", socket.port);
  expect(again?.port).toBe(socket.port);
  again?.close();
});

it("says why it cannot listen", async () => {
  await expect(openListeningSocket("192.0.2.1", 0)).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
});
