import { setTimeout as sleep } from "node:timers/promises";
import type { BenchServer } from "./bench-server.ts";
import { treeUsage } from "./process-tree.ts";
import type { RunTarget } from "./run-client.ts";
import { rounded } from "./statistics.ts";

export interface ColdStart {
  ms: number;
  cpuMs: number;
  rssMiB: number;
}

const LONGEST_MS = 60_000;

/**
 * From before the process is made to the first right answer of a run; built tree, existing data, page cache warm. The server is asked every
 * 10 ms from the start on, not only once it says that it is ready.
 */
export async function coldStart({ server }: BenchServer, answer: () => Promise<boolean>): Promise<ColdStart> {
  await server.kill("SIGTERM");
  await sleep(500);
  const began = performance.now();
  const ready = server.restart();
  while (!(await answer())) {
    if (performance.now() - began > LONGEST_MS) {
      throw new Error(`No right answer within ${LONGEST_MS} ms of the start.`);
    }
    await sleep(10);
  }
  const ms = performance.now() - began;
  await ready;
  const { cpuMs, rssMiB } = treeUsage(server.pid);
  return { ms: rounded(ms, 0), cpuMs, rssMiB: rounded(rssMiB, 0) };
}

export async function coldStarts(bench: BenchServer, target: RunTarget, times: number): Promise<ColdStart[]> {
  const results: ColdStart[] = [];
  for (let time = 0; time < times; time += 1) {
    const client = bench.client(1);
    results.push(await coldStart(bench, async () => (await client.run(target)).ok));
    client.reset();
  }
  return results;
}
