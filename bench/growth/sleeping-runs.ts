import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "#graph/json.ts";
import type { BenchServer } from "../bench-server.ts";
import { treeUsage, watchMemory } from "../process-tree.ts";
import { rounded, summarise } from "../statistics.ts";
import { sleeper, workloadAgent } from "../workloads.ts";

/** Started side by side. */
const STARTERS = 16;
/** So many runs a second can surely be started, and then all of them sleep for a while together. */
const LEAST_STARTS_PER_SECOND = 35;
/** No more than this, since as many a second fall due later: more than the server can wake would show how many it can, not whether it is on time. */
const MOST_STARTS_PER_SECOND = 50;
/** The first runs must not wake before the last look at all of them asleep: longer than the server may need to come to rest, and than that look. */
const SLEEP_SECONDS = 120;
/** A server that takes less than this share of one CPU for so long has come to rest: its queues hold no work of the starts any more. */
const RESTING = { share: 0.02, windowMs: 5_000 };
const LONGEST_UNREST_MS = 90_000;
const IDLE_MS = 10_000;

/**
 * Runs that all sleep at once: what they hold and cost meanwhile, and how late each wakes. The server is restarted while they sleep: what it holds before is what
 * starting them once needed, what it holds after is theirs. The time to wake is in the run's own log, so the lateness is from the timer's time to the end of
 * the run, by the server's clock.
 */
export async function sleepingRuns(bench: BenchServer, sizes: readonly number[]): Promise<Record<string, unknown>[]> {
  const { server } = bench;
  const rssMiB = (): number => rounded(treeUsage(server.pid).rssMiB, 0);
  const rows: Record<string, unknown>[] = [];
  for (const size of sizes) {
    const seconds = Math.ceil(size / LEAST_STARTS_PER_SECOND) + SLEEP_SECONDS;
    const workload = sleeper(seconds);
    const graphId = await bench.importFile(workloadAgent(workload));
    const rss_before_mib = rssMiB();
    const storedBefore = storedBytes(server.dataDir);
    const memory = watchMemory(server.pid);
    const began = performance.now();
    await startAll(bench, { graphId, inputs: workload.inputs, size });
    const startedMs = performance.now() - began;
    await comeToRest(server.pid);
    const rss_most_mib = rounded(memory.stop(), 0);
    const cpuAsleep = await cpuShare(server.pid, IDLE_MS);
    const rss_asleep_mib = rssMiB();
    const storedKib = (storedBytes(server.dataDir) - storedBefore) / 1_024;
    await server.restart();
    const rss_restarted_mib = rssMiB();
    if (performance.now() - began > seconds * 1_000) {
      throw new Error(`${size} runs took ${rounded(startedMs / 1_000)} s to start; the first have woken by now.`);
    }
    await sleep(Math.max(0, seconds * 1_000 + startedMs - (performance.now() - began)));
    const late = await lateness(bench, { graphId, size, seconds });
    const { n, p50, p99, max } = summarise(late);
    rows.push({
      runs: size,
      started_ms: rounded(startedMs, 0),
      rss_before_mib,
      rss_most_mib,
      rss_asleep_mib,
      rss_restarted_mib,
      cpu_asleep_percent: rounded(100 * cpuAsleep),
      stored_kib_a_run: rounded(storedKib / size),
      woken: n,
      late_p50_ms: p50,
      late_p99_ms: p99,
      late_max_ms: max,
      rss_after_mib: rssMiB(),
    });
  }
  return rows;
}

async function startAll(
  { server }: BenchServer,
  { graphId, inputs, size }: { graphId: string; inputs: JsonObject; size: number },
): Promise<void> {
  const began = performance.now();
  let begun = 0;
  const start = async (): Promise<void> => {
    while (begun < size) {
      const due = began + (begun * 1_000) / MOST_STARTS_PER_SECOND;
      begun += 1;
      await sleep(Math.max(0, due - performance.now()));
      await server.client.startExecution({ graph_id: graphId, inputs });
    }
  };
  await Promise.all(Array.from({ length: STARTERS }, start));
}

/** Resolves when the server has come to rest, or has had time enough for it. */
async function comeToRest(pid: number): Promise<void> {
  const until = performance.now() + LONGEST_UNREST_MS;
  while ((await cpuShare(pid, RESTING.windowMs)) >= RESTING.share && performance.now() < until);
}

/** Share of one CPU that a process and its descendants take over some time. */
async function cpuShare(pid: number, ms: number): Promise<number> {
  const before = treeUsage(pid).cpuMs;
  const began = performance.now();
  await sleep(ms);
  return (treeUsage(pid).cpuMs - before) / (performance.now() - began);
}

/** Bytes in the databases of the runs' objects; what stands beside them is there while they are open. */
function storedBytes(dataDir: string): number {
  const folder = join(dataDir, "resources/do/weft-ExecutionObject");
  if (!existsSync(folder)) return 0;
  const databases = readdirSync(folder).filter((name) => name.endsWith(".sqlite"));
  return databases.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** How much later than it should each run ended, ms. @throws Error when not all have ended well in two minutes */
async function lateness(
  bench: BenchServer,
  { graphId, size, seconds }: { graphId: string; size: number; seconds: number },
): Promise<number[]> {
  for (let tries = 0; tries < 60; tries += 1) {
    const late: number[] = [];
    for await (const run of bench.server.client.executions({ graph_id: graphId, status: "COMPLETED" })) {
      late.push(Date.parse(run.ended_at ?? "") - Date.parse(run.created_at) - seconds * 1_000);
    }
    if (late.length === size) {
      return late;
    }
    await sleep(2_000);
  }
  throw new Error(`Not all of ${size} runs have woken and completed.`);
}
