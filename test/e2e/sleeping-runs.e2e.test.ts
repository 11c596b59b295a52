import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentFile } from "../agent-file.ts";
import { startServer, type TestServer } from "./server.ts";

const RUNS = 30;
const SLEEP_SECONDS = 20;
/** The runtime itself puts an object out of memory this long after the last call, ms. */
const RUNTIME_KEEPS_MS = 10_000;

/** Databases of runs that the runtime has open. */
function openRuns({ dataDir }: TestServer): number {
  const { runtime_pid } = JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { runtime_pid: number };
  const folder = `/proc/${runtime_pid}/fd`;
  const opened = readdirSync(folder).flatMap((file) => {
    try {
      return [readlinkSync(join(folder, file))];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  return opened.filter((name) => /ExecutionObject\/[0-9a-f]{64}\.sqlite$/.test(name)).length;
}

/** What is open is read from /proc. */
describe.runIf(process.platform === "linux")("runs that sleep", () => {
  let server: TestServer;
  let graph_id = "";
  beforeAll(async () => {
    server = await startServer();
    const file = agentFile("Sleeper", "", {
      nodes: {
        in: ["input", { name: "word" }],
        wait: ["timer", { seconds: SLEEP_SECONDS }],
        out: ["output", { name: "word" }],
      },
      links: [
        ["in.result", "wait.input_message"],
        ["wait.output_message", "out.value"],
      ],
    });
    graph_id = (await server.client.importGraph(file)).id;
  });
  afterAll(() => server.stop());

  it("leave the memory before the runtime would put them out, unless somebody waits, and wake in time", async () => {
    const start = (word: string, wait_seconds: number): ReturnType<TestServer["client"]["startExecution"]> =>
      server.client.startExecution({ graph_id, inputs: { word }, wait_seconds });
    const waited = start("waited for", 60);
    const runs = await Promise.all(Array.from({ length: RUNS }, (_, run) => start(`run ${run}`, 0)));
    const began = performance.now();
    while (openRuns(server) > 1) await sleep(50);
    expect(performance.now() - began).toBeLessThan(RUNTIME_KEEPS_MS - 2_000);

    expect(await waited).toMatchObject({ status: "COMPLETED", outputs: { word: ["waited for"] } });
    for (const [run, { id }] of runs.entries()) {
      for await (const event of server.client.follow(id, 0, AbortSignal.timeout(60_000))) void event;
      expect((await server.client.execution(id)).outputs).toEqual({ word: [`run ${run}`] });
    }
  });
});
