import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What one process uses and holds. */
export interface ProcessUsage {
  /** User and system time since it began, ms. */
  cpuMs: number;
  /** What it holds of the machine's memory, MiB. */
  rssMiB: number;
  /** TCP connections in both directions, from the first word to the last. */
  connections: number;
}

/** /proc counts in ticks of a hundredth of a second, on every architecture that Node runs on. */
const TICK_MS = 10;
/** States of a socket that nobody talks through: TIME_WAIT and LISTEN, as in the kernel's tcp_states.h. */
const SILENT = new Set(["06", "0A"]);

/** By proc(5). Null where there is no such process, or no /proc (macOS, Windows). */
export function processUsage(pid: number): ProcessUsage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command, in brackets, may hold anything; the fields after it are counted from the third.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const rssKiB = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
    return {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      rssMiB: Number(rssKiB) / 1024,
      connections: connections(pid),
    };
  } catch {
    return null;
  }
}

/** Of several together. Null when one of them is not there. */
export function processesUsage(pids: readonly number[]): ProcessUsage | null {
  const sum: ProcessUsage = { cpuMs: 0, rssMiB: 0, connections: 0 };
  for (const pid of pids) {
    const one = processUsage(pid);
    if (one === null) return null;
    sum.cpuMs += one.cpuMs;
    sum.rssMiB += one.rssMiB;
    sum.connections += one.connections;
  }
  return sum;
}

function connections(pid: number): number {
  const own = new Set(socketInodes(pid));
  return ["tcp", "tcp6"]
    .flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => !SILENT.has(columns[3] ?? "06") && own.has(columns[9] ?? "")).length;
}

function socketInodes(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
    } catch {
      // Closed between the listing and the reading.
      return [];
    }
  });
}
