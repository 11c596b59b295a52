import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

/** What a process and all its descendants have used and hold. Linux only: it reads /proc. */
export interface TreeUsage {
  /** User and system time since each began, that of ended children included, ms. */
  cpuMs: number;
  /** Sum of the resident sets, MiB; pages that processes share count in each. */
  rssMiB: number;
  processes: number;
}

interface ProcessStat {
  parent: number;
  cpuTicks: number;
  rssPages: number;
}

const MIB = 1_048_576;
const TICKS_PER_SECOND = systemValue("CLK_TCK");
const PAGE_BYTES = systemValue("PAGESIZE");

/** @throws Error when there is no such process */
export function treeUsage(root: number): TreeUsage {
  const processes = readProcesses();
  if (!processes.has(root)) {
    throw new Error(`There is no process ${root}.`);
  }
  const children = Map.groupBy(processes.keys(), (pid) => processes.get(pid)?.parent ?? 0);
  const usage: TreeUsage = { cpuMs: 0, rssMiB: 0, processes: 0 };
  const left = [root];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    const found = processes.get(pid);
    usage.cpuMs += ((found?.cpuTicks ?? 0) * 1_000) / TICKS_PER_SECOND;
    usage.rssMiB += ((found?.rssPages ?? 0) * PAGE_BYTES) / MIB;
    usage.processes += 1;
    left.push(...(children.get(pid) ?? []));
  }
  return usage;
}

/** Samples a tree's memory until `stop`, which answers the most that was seen, MiB. */
export function watchMemory(root: number, everyMs = 500): { stop(): number } {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(peak, treeUsage(root).rssMiB);
  };
  look();
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

function readProcesses(): Map<number, ProcessStat> {
  const processes = new Map<number, ProcessStat>();
  for (const entry of readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? readStat(entry) : undefined;
    if (stat !== undefined) {
      processes.set(Number(entry), stat);
    }
  }
  return processes;
}

/** proc(5), from field 3 on: the command before it, in brackets, may hold anything. */
function readStat(pid: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const cpuTicks = [11, 12, 13, 14].reduce((sum, index) => sum + (fields[index] ?? 0), 0);
    return { parent: fields[1] ?? 0, cpuTicks, rssPages: fields[21] ?? 0 };
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
}

function systemValue(name: string): number {
  return Number(execFileSync("getconf", [name], { encoding: "utf8" }));
}
