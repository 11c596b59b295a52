import { CLIENTS } from "../bench-server.ts";
import type { BenchServer } from "../bench-server.ts";
import { treeUsage } from "../process-tree.ts";
import { rounded } from "../statistics.ts";
import { chooseWorkloads } from "../workloads.ts";

const SLICES = 10;

/** 16 clients without a pause for `seconds`, on all workloads in turn; a row for each tenth of the time. Memory flat and no errors are the aim. */
export async function soak(bench: BenchServer, seconds: number): Promise<Record<string, unknown>[]> {
  const targets = await Promise.all(chooseWorkloads(undefined).map((workload) => bench.load(workload)));
  const client = bench.client();
  const rows: Record<string, unknown>[] = [];
  let next = 0;
  for (let slice = 1; slice <= SLICES; slice += 1) {
    const until = performance.now() + (seconds * 1_000) / SLICES;
    const done = { runs: 0, errors: 0, firstError: null as string | null };
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        while (performance.now() < until) {
          const target = targets[next % targets.length];
          next += 1;
          const answer = target === undefined ? undefined : await client.run(target);
          done.runs += answer?.ok === true ? 1 : 0;
          done.errors += answer?.ok === false ? 1 : 0;
          done.firstError ??= answer?.ok === false ? answer.why : null;
        }
      }),
    );
    rows.push({
      until_s: (seconds * slice) / SLICES,
      ...done,
      rss_mib: rounded(treeUsage(bench.server.pid).rssMiB, 0),
    });
  }
  client.reset();
  return rows;
}
