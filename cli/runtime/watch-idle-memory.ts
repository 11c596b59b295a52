import { IdleMemory, type IdleMemoryPolicy } from "./idle-memory.ts";
import { processUsage } from "./process-usage.ts";
import type { LogSink } from "./worker-log.ts";
import type { Workerd } from "./workerd-process.ts";

const LOOKS_PER_IDLE_TIME = 10;
const PAUSE_MS = { least: 200, most: 60_000 };

/** Renews the runtime process when it is idle and holds memory that it does not give back. Where a process's usage cannot be read it does nothing. */
export function watchIdleMemory(workerd: Workerd, policy: IdleMemoryPolicy, log: LogSink): { stop(): void } {
  const memory = new IdleMemory(policy);
  const pause = Math.min(Math.max(policy.idleMs / LOOKS_PER_IDLE_TIME, PAUSE_MS.least), PAUSE_MS.most);
  const look = async (): Promise<void> => {
    const pid = workerd.pid;
    const usage = pid === null ? null : processUsage(pid);
    if (pid === null || usage === null || !memory.look(pid, usage, performance.now())) return;
    log("info", `The Workers runtime was idle and held ${Math.round(usage.rssMiB)} MiB: a fresh process takes over.`);
    await workerd.renew();
  };
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void look().then(next), pause);
    timer.unref();
  };
  void look().then(next);
  // Each process is compared with what it held when it began to listen.
  workerd.whenListening(() => void look());
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
