import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startLocalRuntime } from "../local-runtime.ts";
import { treeUsage } from "../process-tree.ts";
import { chooseWorkloads } from "../workloads.ts";
import { keepRunning } from "./keep-running.ts";
import { readPerf } from "./perf-samples.ts";

/**
 * `npm run bench:perf -- --workload w1-hello [--seconds 10] [--clients 4] [--top 30]`: where the runtime's process spends CPU time, kernel and
 * native code included, by Linux `perf` (which must be installed). Unlike the inspector's profile it counts CPU time, not time that passes, so it
 * holds on a busy machine too, and it sees the other isolates of the runtime: queue broker, database, router of static files.
 */
const HERTZ = 1_999;

const { values } = parseArgs({
  options: {
    workload: { type: "string", default: "w1-hello" },
    seconds: { type: "string", default: "10" },
    clients: { type: "string", default: "4" },
    top: { type: "string", default: "30" },
  },
});

const [workload] = chooseWorkloads(values.workload);
if (workload === undefined) {
  throw new Error("--workload names nothing.");
}
const folder = mkdtempSync(join(tmpdir(), "weft-perf-"));
// It also makes V8 write logs, an isolate each, where the process was started.
process.env["WEFT_V8_FLAGS"] = `--perf-basic-prof --no-logfile-per-isolate --logfile=${join(folder, "v8.log")}`;
const file = join(folder, "perf.data");
const runtime = await startLocalRuntime();
try {
  const target = await runtime.load(workload);
  const clients = Number(values.clients);
  await keepRunning(runtime, target, { clients, ms: 3_000 });
  const perf = spawn("perf", ["record", "-F", String(HERTZ), "-g", "-o", file, "-p", String(runtime.pid)], {
    stdio: "ignore",
  });
  const ended = once(perf, "exit");
  await sleep(1_000);
  const cpuBefore = treeUsage(runtime.pid).cpuMs;
  const { runs, nodes } = await keepRunning(runtime, target, { clients, ms: Number(values.seconds) * 1_000 });
  const cpuMs = treeUsage(runtime.pid).cpuMs - cpuBefore;
  perf.kill("SIGINT");
  await ended;
  print({ runs, nodes, cpuMs });
} finally {
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(`/tmp/perf-${runtime.pid}.map`, { force: true });
}

function print({ runs, nodes, cpuMs }: { runs: number; nodes: number; cpuMs: number }): void {
  const { samples, kinds, self, total } = readPerf(file);
  const perRun = (count: number): string => ((count * 1_000) / HERTZ / runs).toFixed(3).padStart(9);
  const perNode = (count: number): string => ((count * 1_000_000) / HERTZ / nodes).toFixed(2).padStart(9);
  console.log(
    `${runs} runs, ${nodes / runs} node executions each; CPU ${(cpuMs / runs).toFixed(2)} ms a run by the kernel's count`,
  );
  console.log("   ms/run   µs/node      %  kind");
  for (const [kind, count] of [...kinds].toSorted(([, a], [, b]) => b - a)) {
    console.log(`${perRun(count)} ${perNode(count)} ${((100 * count) / samples).toFixed(1).padStart(6)}  ${kind}`);
  }
  console.log("\n   ms/run   µs/node  total ms/run  JavaScript function, with the native code that it calls");
  for (const [name, count] of [...self].toSorted(([, a], [, b]) => b - a).slice(0, Number(values.top))) {
    console.log(`${perRun(count)} ${perNode(count)} ${perRun(total.get(name) ?? 0).padStart(13)}  ${name}`);
  }
}
