import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WeftClient } from "#cli/client.ts";
import { startRuntime } from "#cli/embedded-runtime.ts";
import { ensureBuild } from "#cli/runtime/build-project.ts";
import { ensureLocalOwner } from "#cli/runtime/local-owner.ts";
import { sessionSecret, workerVars } from "#cli/runtime/settings.ts";
import { writeRuntimeConfig } from "#cli/runtime/build-runtime-config.ts";
import type { WorkerOptions } from "#cli/runtime/worker-options.ts";
import { startEcho } from "./bench-server.ts";
import { RunClient } from "./run-client.ts";
import type { RunTarget } from "./run-client.ts";
import { workloadFile } from "./workloads.ts";
import type { Workload } from "./workloads.ts";

/** The built Worker on the embedded runtime in this process, for measurements that must reach inside. Times taken here are not comparable. */
export interface LocalRuntime {
  url: string;
  apiKey: string;
  /** The runtime's process. */
  pid: number;
  client: RunClient;
  load(workload: Workload): Promise<RunTarget>;
  stop(): Promise<void>;
}

export interface LocalRuntimeOptions {
  /** Default: the built Worker. */
  worker?: WorkerOptions;
  inspectorPort?: number;
  /** Over the Worker's variables on the embedded runtime. */
  vars?: Record<string, string>;
}

export async function startLocalRuntime({
  worker,
  inspectorPort,
  vars: more = {},
}: LocalRuntimeOptions = {}): Promise<LocalRuntime> {
  await ensureBuild();
  const dataDir = mkdtempSync(join(tmpdir(), "weft-bench-"));
  const { echo, port } = await startEcho();
  let pid = 0;
  const vars = {
    ...workerVars({ WEFT_EGRESS_ALLOW: `127.0.0.1:${port}` }),
    WEFT_SECRET: sessionSecret(dataDir, {}),
    ...more,
  };
  const runtime = await startRuntime({
    ...(worker === undefined ? {} : { worker: await writeRuntimeConfig(worker, join(dataDir, "runtime")) }),
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
    dataDir,
    host: "127.0.0.1",
    port: 0,
    vars,
    onProcesses: ([started = 0]) => {
      pid = started;
    },
  });
  const { access } = await ensureLocalOwner(runtime, dataDir, undefined);
  const address = { url: runtime.url, apiKey: access.api_key };
  const api = new WeftClient(address);
  return {
    ...address,
    pid,
    client: new RunClient({ ...address, connections: 256 }),
    load: async ({ id, inputs, outputs }) => {
      const graph = await api.importGraph(workloadFile(id, port));
      return { graphId: graph.id, inputs, outputs };
    },
    async stop() {
      echo.kill();
      await runtime.dispose();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}
