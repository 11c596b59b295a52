import { setTimeout as sleep } from "node:timers/promises";
import type { BenchServer } from "../bench-server.ts";
import { sleepingShape } from "#test/agent-file.ts";
import { treeUsage, watchMemory } from "../process-tree.ts";
import { rounded, summarise } from "../statistics.ts";
import { workloadAgent } from "../workloads.ts";

const WAIT_SECONDS = 2;

/** How long runs may go on after their callers have given up, ms. */
const PATIENCE_MS = 300_000;

/**
 * Runs that are all under way at once: each waits two seconds in the middle. Every one must end, also when its caller has not waited so long: `completed` are those
 * that the list knows of in the end, `settled_ms` the time until then.
 */
export async function concurrentRuns(bench: BenchServer, sizes: readonly number[]): Promise<Record<string, unknown>[]> {
  const graphId = await bench.importFile(
    workloadAgent({
      id: "growth-wait",
      title: `Waits ${WAIT_SECONDS} seconds between input and output.`,
      shape: sleepingShape(WAIT_SECONDS),
    }),
  );
  const rows: Record<string, unknown>[] = [];
  let earlier = 0;
  for (const size of sizes) {
    const client = bench.client(size);
    const memory = watchMemory(bench.server.pid);
    const cpuBefore = treeUsage(bench.server.pid).cpuMs;
    const began = performance.now();
    const answers = await Promise.all(
      Array.from({ length: size }, (_, index) =>
        client.run({ graphId, inputs: { word: `run ${index}` }, outputs: { word: [`run ${index}`] } }),
      ),
    );
    const wallMs = performance.now() - began;
    client.reset();
    const peak_rss_mib = rounded(memory.stop(), 0);
    const completed = (await settled(bench, graphId, earlier + size)) - earlier;
    const settledMs = performance.now() - began;
    earlier += size;
    const wrong = answers.filter((answer) => !answer.ok);
    const { p50, p95, max } = summarise(answers.filter((answer) => answer.ok).map(({ ms }) => ms));
    rows.push({
      runs: size,
      all_ms: rounded(wallMs, 0),
      p50_ms: p50,
      p95_ms: p95,
      max_ms: max,
      cpu_ms_per_run: rounded((treeUsage(bench.server.pid).cpuMs - cpuBefore) / size),
      peak_rss_mib,
      completed,
      settled_ms: rounded(settledMs, 0),
      errors: wrong.length,
      first_error: wrong[0]?.ok === false ? wrong[0].why : null,
    });
  }
  return rows;
}

/** How many runs of the agent the list has as COMPLETED, once these are `expected` or patience is over. */
async function settled(bench: BenchServer, graphId: string, expected: number): Promise<number> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    let count = 0;
    for await (const { status } of bench.server.client.executions({ graph_id: graphId })) {
      count += status === "COMPLETED" ? 1 : 0;
    }
    if (count >= expected || performance.now() > until) {
      return count;
    }
    await sleep(2_000);
  }
}
