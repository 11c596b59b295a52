import { cpus, loadavg, release, totalmem } from "node:os";
import type { ColdStart } from "./cold-start.ts";
import type { Settings, WorkloadResult } from "./measure.ts";
import { rounded } from "./statistics.ts";

export interface Report {
  date: string;
  machine: { cores: number; cpu: string; memoryGiB: number; kernel: string; node: string };
  /** Load of the machine over the last minute, before and after: what else ran on it. */
  load1: { before: number; after: number };
  settings: Settings;
  workloads: WorkloadResult[];
  /** Of the server's process tree. */
  memory: { startMiB: number; afterLoadMiB: number; idleMiB: number; idleAfterSeconds: number };
  idleCpuPercent: number;
  coldStarts: ColdStart[];
}

export function machine(): Report["machine"] {
  const [cpu] = cpus();
  return {
    cores: cpus().length,
    cpu: cpu?.model ?? "unknown",
    memoryGiB: rounded(totalmem() / 2 ** 30, 1),
    kernel: release(),
    node: process.version,
  };
}

export function loadAverage(): number {
  return rounded(loadavg()[0] ?? 0);
}

const HEAD = [
  "| workload | nodes | alone p50 ms | p95 ms | CPU ms | 16 clients: runs/s | p50 ms | p95 ms | CPU ms/run | CPU µs/node | peak MiB | errors |",
  "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
];

/** The report as Markdown. */
export function table(report: Report): string {
  const rows = report.workloads.map(({ id, nodeExecutions, sequential, load, errors }) => {
    const wrong = Object.values(errors).reduce((sum, count) => sum + count, 0);
    const perNode = load.cpuMsPerRun === null ? null : (load.cpuMsPerRun * 1_000) / Math.max(1, nodeExecutions);
    const figures = [
      sequential.p50,
      sequential.p95,
      sequential.cpuMsPerRun,
      load.runsPerSecond,
      load.p50,
      load.p95,
      load.cpuMsPerRun,
      perNode,
    ];
    return `| ${[id, nodeExecutions, ...figures.map(short), load.peakRssMiB, wrong].join(" | ")} |`;
  });
  const { memory, machine: on, load1, coldStarts } = report;
  const starts = coldStarts.map(({ ms }) => (ms / 1_000).toFixed(2)).join(", ");
  return [
    `${report.date} · ${on.cores} cores (${on.cpu}), ${on.memoryGiB} GiB, Linux ${on.kernel}, Node ${on.node} · load average ${load1.before} before, ${load1.after} after`,
    "",
    ...HEAD,
    ...rows,
    "",
    `Memory of the process tree: ${memory.startMiB} MiB at the start, ${memory.afterLoadMiB} after the load, ${memory.idleMiB} after ${memory.idleAfterSeconds} s idle. ` +
      `CPU when idle: ${report.idleCpuPercent} %. ${starts === "" ? "" : `Start to first right answer: ${starts} s.`}`,
    "",
  ].join("\n");
}

function short(value: number | null): string {
  if (value === null) {
    return "-";
  }
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
