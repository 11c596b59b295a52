import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processUsage } from "#cli/runtime/process-usage.ts";
import type { JsonObject } from "#graph/json.ts";
import { agentFile } from "../agent-file.ts";
import { startServer, type TestServer } from "./server.ts";

/** What comes in goes out, after `seconds`. */
function echo(seconds: number): JsonObject {
  return agentFile("Echo", "", {
    nodes: {
      in: ["input", { name: "text" }],
      wait: ["timer", { seconds }],
      out: ["output", { name: "text" }],
    },
    links: [
      ["in.result", "wait.input_message"],
      ["wait.output_message", "out.value"],
    ],
  });
}

const IDLE_SECONDS = 3;
/** Longer than until the server is idle enough. */
const SLEEP_SECONDS = 15;
const TEXT = "x".repeat(4_000_000);

function runtimePid({ dataDir }: TestServer): number {
  return (JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")) as { runtime_pid: number }).runtime_pid;
}

function memoryMiB(pid: number): number {
  const usage = processUsage(pid);
  if (usage === null) throw new Error(`There is no process ${pid}.`);
  return usage.rssMiB;
}

/** It needs /proc, and is off elsewhere. */
describe.runIf(process.platform === "linux")("an idle server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ env: { WEFT_IDLE_RESTART_SECONDS: String(IDLE_SECONDS) } });
  });
  afterAll(() => server.stop());

  it("gives back the memory that it once needed, refuses nobody meanwhile, and forgets nothing", async () => {
    const first = runtimePid(server);
    const { id: graph_id } = await server.client.importGraph(echo(0));
    const sleeper = await server.client.importGraph(echo(SLEEP_SECONDS));
    const runs = await Promise.all(
      Array.from({ length: 24 }, () => server.client.startExecution({ graph_id, inputs: { text: TEXT } })),
    );
    await Promise.all(runs.map(({ id }) => ended(server, id)));
    const asleep = await server.client.startExecution({ graph_id: sleeper.id, inputs: { text: "awake" } });
    const grown = memoryMiB(first);

    while (runtimePid(server) === first) await sleep(5);
    const second = runtimePid(server);
    expect(await fetch(`${server.url}/health`).then(({ status }) => status)).toBe(200);
    expect(memoryMiB(second)).toBeLessThan(grown - 96);
    expect(server.output).toMatch(/was idle and held \d+ MiB/);
    expect(server.output).not.toContain("unexpectedly");

    await ended(server, asleep.id);
    expect((await server.client.execution(asleep.id)).outputs).toEqual({ text: ["awake"] });
    for (const { id } of runs) expect((await server.client.execution(id)).status).toBe("COMPLETED");
  });
});

async function ended({ client }: TestServer, id: string): Promise<void> {
  for await (const event of client.follow(id)) void event;
}
