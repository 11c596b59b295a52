import { IdleMemory, type IdleMemoryPolicy } from "./idle-memory.ts";
import { processesUsage } from "./process-usage.ts";
import type { LogSink } from "./worker-log.ts";
import type { Workerd } from "./workerd-process.ts";

const LOOKS_PER_IDLE_TIME = 10;
const PAUSE_MS = { least: 200, most: 60_000 };

/** Renews the runtime's processes when they are idle and hold memory that they do not give back. Where a process's usage cannot be read it does nothing. */
export function watchIdleMemory(workerd: Workerd, policy: IdleMemoryPolicy, log: LogSink): { stop(): void } {
  const memory = new IdleMemory(policy);
  const pause = Math.min(Math.max(policy.idleMs / LOOKS_PER_IDLE_TIME, PAUSE_MS.least), PAUSE_MS.most);
  const look = async (): Promise<void> => {
    const { pids } = workerd;
    const [first] = pids;
    const usage = processesUsage(pids);
    if (first === undefined || usage === null || !memory.look(first, usage, performance.now())) return;
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
  // Processes are compared with what they held when they began to listen.
  workerd.whenListening(() => void look());
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
