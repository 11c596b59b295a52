import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BUILD_DIR } from "#cli/runtime/project.ts";
import { startLocalRuntime } from "../local-runtime.ts";
import { treeUsage } from "../process-tree.ts";
import { chooseWorkloads } from "../workloads.ts";
import { costs, SourceNames } from "./cpu-profile.ts";
import type { Cost, CpuProfile } from "./cpu-profile.ts";
import { Inspector } from "./inspector.ts";
import { keepRunning } from "./keep-running.ts";

/**
 * `npm run bench:profile -- --workload w4-loop1000 [--seconds 10] [--clients 1] [--top 40] [--by self|total] [--out FILE.cpuprofile]`: where the
 * Worker's isolate (HTTP, consumers and objects are one isolate here) spends its time under load. The file opens in Chrome DevTools.
 */
const SAMPLE_MICROSECONDS = 200;

const { values } = parseArgs({
  options: {
    workload: { type: "string", default: "w1-hello" },
    seconds: { type: "string", default: "10" },
    clients: { type: "string", default: "1" },
    top: { type: "string", default: "40" },
    by: { type: "string", default: "self" },
    out: { type: "string" },
  },
});

const [workload] = chooseWorkloads(values.workload);
if (workload === undefined) {
  throw new Error("--workload names nothing.");
}
const inspectorPort = await freePort();
const runtime = await startLocalRuntime({ inspectorPort });
try {
  const target = await runtime.load(workload);
  const clients = Number(values.clients);
  await keepRunning(runtime, target, { clients, ms: 3_000 });
  const inspector = await Inspector.connect(inspectorPort, "weft");
  await inspector.send("Profiler.enable");
  await inspector.send("Profiler.setSamplingInterval", { interval: SAMPLE_MICROSECONDS });
  const cpuBefore = treeUsage(runtime.pid).cpuMs;
  await inspector.send("Profiler.start");
  const { runs, nodes } = await keepRunning(runtime, target, { clients, ms: Number(values.seconds) * 1_000 });
  const { profile } = await inspector.send<{ profile: CpuProfile }>("Profiler.stop");
  const cpuMs = treeUsage(runtime.pid).cpuMs - cpuBefore;
  inspector.close();
  if (values.out !== undefined) {
    writeFileSync(values.out, JSON.stringify(profile));
  }
  print(costs(profile, new SourceNames(join(BUILD_DIR, "server", "index.js.map"))), { runs, nodes, cpuMs });
} finally {
  await runtime.stop();
}

function print(found: Cost[], { runs, nodes, cpuMs }: { runs: number; nodes: number; cpuMs: number }): void {
  const perRun = (ms: number): string => (ms / runs).toFixed(3).padStart(9);
  const perNode = (ms: number): string => ((ms * 1_000) / nodes).toFixed(1).padStart(8);
  const busy = found.reduce((sum, { selfMs }) => sum + selfMs, 0);
  console.log(`${runs} runs, ${nodes / runs} node executions each`);
  console.log(
    `CPU of the runtime process ${perRun(cpuMs).trim()} ms a run; of the Worker's isolate ${perRun(busy).trim()} ms a run`,
  );
  console.log("  ms/run  µs/node     %  total ms/run  function");
  const sorted = values.by === "total" ? found.toSorted((a, b) => b.totalMs - a.totalMs) : found;
  for (const { name, selfMs, totalMs } of sorted.slice(0, Number(values.top))) {
    const share = ((100 * selfMs) / busy).toFixed(1).padStart(5);
    console.log(`${perRun(selfMs)} ${perNode(selfMs)} ${share} ${perRun(totalMs)}  ${name}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await new Promise((done) => server.close(done));
  return port;
}
