import { watch } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processesUsage } from "#cli/runtime/process-usage.ts";
import { agentFile, sleepingShape } from "../agent-file.ts";
import { runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

const IDLE_SECONDS = 3;
/** Longer than until the server is idle enough. */
const SLEEP_SECONDS = 15;
const TEXT = "x".repeat(4_000_000);

function memoryMiB(pids: number[]): number {
  const usage = processesUsage(pids);
  if (usage === null) throw new Error(`There are no processes ${pids.join(", ")}.`);
  return usage.rssMiB;
}

/** The processes that have taken the place of others, as soon as the server writes down that they have. */
function runtimeAfter(first: number[], server: TestServer): Promise<number[]> {
  return new Promise((resolve) => {
    const look = (): void => {
      const pids = server.runtimePids;
      if (pids.length > 0 && pids[0] !== first[0]) {
        watcher.close();
        resolve(pids);
      }
    };
    const watcher = watch(server.dataDir, look);
    look();
  });
}

/** It needs /proc, and is off elsewhere. */
describe.runIf(process.platform === "linux")("an idle server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ env: { WEFT_IDLE_RESTART_SECONDS: String(IDLE_SECONDS) } });
  });
  afterAll(() => server.stop());

  it("gives back the memory that it once needed, refuses nobody meanwhile, and forgets nothing", async () => {
    const first = server.runtimePids;
    const { id: graph_id } = await server.client.importGraph(agentFile("Echo", "", sleepingShape(0)));
    const sleeper = await server.client.importGraph(agentFile("Sleeper", "", sleepingShape(SLEEP_SECONDS)));
    const runs = await Promise.all(
      Array.from({ length: 24 }, () => server.client.startExecution({ graph_id, inputs: { word: TEXT } })),
    );
    await Promise.all(runs.map(({ id }) => runEnded(server.client, id)));
    const asleep = await server.client.startExecution({ graph_id: sleeper.id, inputs: { word: "awake" } });
    const grown = memoryMiB(first);

    const second = await runtimeAfter(first, server);
    expect(await fetch(`${server.url}/health`).then(({ status }) => status)).toBe(200);
    expect(memoryMiB(second)).toBeLessThan(grown - 96);
    expect(server.output).toMatch(/was idle and held \d+ MiB/);
    expect(server.output).not.toContain("unexpectedly");

    expect((await runEnded(server.client, asleep.id)).outputs).toEqual({ word: ["awake"] });
    for (const { id } of runs) expect((await server.client.execution(id)).status).toBe("COMPLETED");
  });
});
