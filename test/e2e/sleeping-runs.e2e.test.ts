import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentFile, sleepingShape } from "../agent-file.ts";
import { runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

const RUNS = 30;
const SLEEP_SECONDS = 20;
/** The runtime itself puts an object out of memory this long after the last call, ms. */
const RUNTIME_KEEPS_MS = 10_000;

/** Databases of runs that the runtime has open. */
function openRuns({ runtimePids }: TestServer): number {
  const folders = runtimePids.map((pid) => `/proc/${pid}/fd`);
  const files = folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
  const opened = files.flatMap((file) => {
    try {
      return [readlinkSync(file)];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  return opened.filter((name) => /ExecutionObject(?:-\d+)?\/[0-9a-f]{64}\.sqlite$/.test(name)).length;
}

/** Until when a run has waited, ms since the epoch. */
async function waitedUntil({ client }: TestServer, id: string): Promise<number> {
  for await (const event of client.events(id)) {
    if (event.type === "node_waiting") return Date.parse(event.until ?? "");
  }
  throw new Error(`The run ${id} did not wait.`);
}

/** What is open is read from /proc. */
describe.runIf(process.platform === "linux")("runs that sleep", () => {
  let server: TestServer;
  let graph_id = "";
  beforeAll(async () => {
    server = await startServer();
    graph_id = (await server.client.importGraph(agentFile("Sleeper", "", sleepingShape(SLEEP_SECONDS)))).id;
  });
  afterAll(() => server.stop());

  it("leave the memory before the runtime would put them out, unless somebody waits, and wake when it is time", async () => {
    const start = (word: string, wait_seconds: number): ReturnType<TestServer["client"]["startExecution"]> =>
      server.client.startExecution({ graph_id, inputs: { word }, wait_seconds });
    const waited = start("waited for", 60);
    const runs = await Promise.all(Array.from({ length: RUNS }, (_, run) => start(`run ${run}`, 0)));
    const began = performance.now();
    // /proc tells of nothing: it is looked at now and then.
    while (openRuns(server) > 1) await sleep(50);
    expect(performance.now() - began).toBeLessThan(RUNTIME_KEEPS_MS - 2_000);
    // The one that is waited for.
    expect(openRuns(server)).toBe(1);

    expect(await waited).toMatchObject({ status: "COMPLETED", outputs: { word: ["waited for"] } });
    for (const [run, { id }] of runs.entries()) {
      const { outputs, ended_at } = await runEnded(server.client, id);
      expect(outputs).toEqual({ word: [`run ${run}`] });
      expect(Date.parse(ended_at ?? "")).toBeGreaterThanOrEqual(await waitedUntil(server, id));
    }
  });
});
