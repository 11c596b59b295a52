import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startServer, type TestServer } from "#test/e2e/server.ts";
import type { JsonObject } from "#graph/json.ts";
import { RunClient } from "./run-client.ts";
import type { RunTarget } from "./run-client.ts";
import { workloadFile } from "./workloads.ts";
import type { Workload } from "./workloads.ts";

export const CLIENTS = 16;

/** The built app as `npm start` serves it, with data of its own, and the server that the I/O workloads call. */
export class BenchServer {
  readonly server: TestServer;
  readonly echoPort: number;
  readonly #echo: ChildProcess;

  private constructor(server: TestServer, echo: ChildProcess, echoPort: number) {
    this.server = server;
    this.#echo = echo;
    this.echoPort = echoPort;
  }

  static async start(options: { dataDir?: string; project?: string } = {}): Promise<BenchServer> {
    const { echo, port } = await startEcho();
    try {
      const server = await startServer({ ...options, env: { WEFT_EGRESS_ALLOW: `127.0.0.1:${port}` } });
      return new BenchServer(server, echo, port);
    } catch (error) {
      echo.kill();
      throw error;
    }
  }

  client(connections = CLIENTS): RunClient {
    return new RunClient({ url: this.server.url, apiKey: this.server.apiKey, connections });
  }

  /** Imports a workload and answers what to run. */
  async load({ id, inputs, outputs }: Workload): Promise<RunTarget> {
    return { graphId: await this.importFile(workloadFile(id, this.echoPort)), inputs, outputs };
  }

  /** Imports an agent file; answers its graph's id. */
  async importFile(file: JsonObject): Promise<string> {
    return (await this.server.client.importGraph(file)).id;
  }

  async stop(): Promise<void> {
    this.#echo.kill();
    await this.server.stop();
  }
}

export async function startEcho(): Promise<{ echo: ChildProcess; port: number }> {
  const echo = spawn(process.execPath, [join(import.meta.dirname, "echo-server.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => echo.kill());
  const [line] = (await once(createInterface({ input: echo.stdout }), "line")) as [string];
  return { echo, port: Number(line) };
}
