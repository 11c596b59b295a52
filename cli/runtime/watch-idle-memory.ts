import { IdleMemory, type IdleMemoryPolicy } from "./idle-memory.ts";
import { processUsage } from "./process-usage.ts";
import type { LogSink } from "./worker-log.ts";
import type { Workerd } from "./workerd-process.ts";

const MOST_LOOKS = 10;
const SHORTEST_PAUSE_MS = 200;

/** Renews the runtime process when it is idle and holds memory that it does not give back. Where a process's usage cannot be read it does nothing. */
export function watchIdleMemory(workerd: Workerd, policy: IdleMemoryPolicy, log: LogSink): { stop(): void } {
  const memory = new IdleMemory(policy);
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
    timer = setTimeout(() => void look().then(next), Math.max(policy.idleMs / MOST_LOOKS, SHORTEST_PAUSE_MS));
    timer.unref();
  };
  void look().then(next);
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
