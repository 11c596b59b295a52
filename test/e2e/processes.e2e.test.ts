import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApiError } from "#cli/client.ts";
import type { JsonObject } from "#graph/json.ts";
import { inShard, shardOf } from "#graph/run/shard.ts";
import { agentFile, sleepingShape } from "../agent-file.ts";
import { nested, testAgents, waiting } from "./agents.ts";
import { checkRun, runEnded } from "./check-run.ts";
import { startServer, type TestServer } from "./server.ts";

const PROCESSES = 3;
/** So many requests at once have so many connections, and come to every process: that one is left out has a probability of 10^-5. */
const AT_ONCE = 30;
const SLEEP_SECONDS = 8;

/** Sockets between processes need a file system that protects them (cli/runtime/settings.ts). */
describe.skipIf(process.platform === "win32")("a server of several processes", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "weft-e2e-"));
  let server: TestServer;
  const serveWith = async (processes: number): Promise<void> => {
    server = await startServer({ dataDir, env: { WEFT_PROCESSES: String(processes), WEFT_LEASE_MS: "2000" } });
  };
  beforeAll(() => serveWith(PROCESSES));
  afterAll(async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const startMany = (graph_id: string, inputs: (run: number) => JsonObject): Promise<string[]> =>
    Promise.all(
      Array.from({ length: AT_ONCE }, async (_, run) => {
        const { id } = await server.client.startExecution({ graph_id, inputs: inputs(run) });
        return id;
      }),
    );

  /** Makes the next version of a graph, which is then the active one. */
  const change = async (id: string, file: JsonObject, version: number): Promise<void> => {
    const { status } = await fetch(`${server.url}/api/v1/graphs/${id}`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${server.apiKey}`,
        "content-type": "application/json",
        "if-match": `"${version}"`,
      },
      body: JSON.stringify(file),
    });
    expect(status).toBe(200);
  };

  it("runs every kind of agent, on all of its processes", async () => {
    const shards = new Set<number>();
    for (const agent of testAgents) {
      const { id: graph_id } = await server.client.importGraph(agent.file);
      const ids = await startMany(graph_id, (run) => agent.inputs(run));
      for (const [run, id] of ids.entries()) {
        await runEnded(server.client, id);
        await checkRun(server.client, id, { agent, run });
        shards.add(shardOf(id));
      }
      const listed = await Array.fromAsync(server.client.executions({ graph_id }));
      expect(listed.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    }
    expect(shards).toEqual(new Set(Array.from({ length: PROCESSES }, (_, index) => index)));
  });

  it("tells every process at once that an agent has changed", async () => {
    const file = (text: string): JsonObject =>
      agentFile("Changing", "", {
        nodes: {
          in: ["input", { name: "word" }],
          add: ["template", { format: text, values: {} }],
          out: ["output", { name: "said" }],
        },
        links: [
          ["in.result", "add.values_#_word"],
          ["add.output", "out.value"],
        ],
      });
    const { id } = await server.client.importGraph(file("0"));
    for (let version = 1; version <= 3; version++) {
      const said = await Promise.all(
        (await startMany(id, () => ({ word: "x" }))).map(async (run) => (await runEnded(server.client, run)).outputs),
      );
      expect(new Set(said.map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify({ said: [String(version - 1)] })]),
      );
      await change(id, file(String(version)), version);
    }
  });

  it("loses nothing when any of them is killed, and begins anew as a whole", async () => {
    const { id: graph_id } = await server.client.importGraph(waiting.file);
    const inner = await server.client.importGraph(nested.file);
    for (let index = 0; index < PROCESSES; index++) {
      const before = server.runtimePids;
      const runs = await startMany(graph_id, (run) => waiting.inputs(run));
      const parents = await startMany(inner.id, (run) => nested.inputs(run));
      process.kill(before[index] ?? 0, "SIGKILL");
      for (const [run, id] of runs.entries()) {
        await runEnded(server.client, id);
        await checkRun(server.client, id, { agent: waiting, run });
      }
      for (const [run, id] of parents.entries()) {
        await runEnded(server.client, id);
        await checkRun(server.client, id, { agent: nested, run });
      }
      expect(server.runtimePids).toHaveLength(PROCESSES);
      expect(server.runtimePids.filter((pid) => before.includes(pid))).toEqual([]);
    }
  });

  it("knows no run of a shard that there is not", async () => {
    const id = inShard("01a22e5e-d4f4-7311-bdbd-6f7cd2b29fda", 31);
    await expect(server.client.execution(id)).rejects.toMatchObject({ status: 404 } satisfies Partial<ApiError>);
  });

  it("keeps what it was given when there are fewer or more processes, and wakes what sleeps", async () => {
    const { id: graph_id } = await server.client.importGraph(agentFile("Sleeper", "", sleepingShape(SLEEP_SECONDS)));
    const earlier = (await Array.fromAsync(server.client.executions({}))).map(({ id }) => id);
    let asleep = await startMany(graph_id, (run) => ({ word: `run ${run}` }));
    for (const processes of [1, 2]) {
      await server.stop();
      expect(existsSync(join(dataDir, "run"))).toBe(false);
      await serveWith(processes);
      expect(server.runtimePids).toHaveLength(processes);
      for (const [run, id] of asleep.entries()) {
        expect((await runEnded(server.client, id)).outputs).toEqual({ word: [`run ${run}`] });
      }
      for (const id of earlier) expect((await server.client.execution(id)).status).toBe("COMPLETED");
      asleep = await startMany(graph_id, (run) => ({ word: `run ${run}` }));
    }
    for (const id of asleep) expect((await runEnded(server.client, id)).status).toBe("COMPLETED");
    const kept = readdirSync(join(dataDir, "resources", "do")).filter((name) =>
      name.startsWith("weft-ExecutionObject"),
    );
    expect(kept).toHaveLength(PROCESSES);
  });
});
