import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { processesUsage, processUsage } from "./process-usage.ts";

const hasProc = process.platform === "linux";

it.runIf(hasProc)("sees time, memory, and connections in both directions, but no port that only listens", async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const before = processUsage(process.pid);
  const accepted = once(server, "connection");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await Promise.all([once(client, "connect"), accepted]);
  const connected = processUsage(process.pid);
  if (before === null || connected === null) throw new Error("There is no such process.");
  expect(connected.connections - before.connections).toBe(2);
  expect(connected.rssMiB).toBeGreaterThan(20);
  expect(connected.rssMiB).toBeCloseTo(process.memoryUsage.rss() / 1_048_576, -2);
  const { user, system } = process.cpuUsage();
  expect(Math.abs(connected.cpuMs - (user + system) / 1_000)).toBeLessThan(500);
  client.destroy();
  server.close();
});

it.runIf(hasProc)("answers null for a process that has ended", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  expect(processUsage(child.pid ?? 0)).toBeNull();
});

it.runIf(hasProc)("adds up what several hold, while all of them are there", () => {
  const one = processUsage(process.pid);
  const two = processesUsage([process.pid, process.pid]);
  expect(two?.rssMiB).toBeCloseTo(2 * (one?.rssMiB ?? 0), -2);
  expect(processesUsage([process.pid, 0])).toBeNull();
});
