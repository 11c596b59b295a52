import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BenchServer } from "../bench-server.ts";
import { loadAverage, machine } from "../report.ts";
import { concurrentRuns } from "./concurrent-runs.ts";
import { logLength } from "./log-length.ts";
import { nodesPerRun } from "./nodes.ts";
import { sleepingRuns } from "./sleeping-runs.ts";
import { soak } from "./soak.ts";
import { subscribers } from "./subscribers.ts";

/**
 * `npm run bench:growth -- SERIES [--sizes 10,100] [--out FILE]`: how one thing grows with another. SERIES is `nodes` (node executions of one
 * run), `runs` (runs at once), `sleeping` (runs that sleep), `subscribers` (WebSockets on one run), `log` (events of one run, read back) or `soak` (sizes: one number,
 * seconds).
 */
const SERIES: Record<
  string,
  { sizes: number[]; measure: (bench: BenchServer, sizes: number[]) => Promise<Record<string, unknown>[]> }
> = {
  nodes: { sizes: [10, 100, 1_000, 10_000, 100_000], measure: nodesPerRun },
  runs: { sizes: [1, 10, 100, 1_000, 5_000], measure: concurrentRuns },
  sleeping: { sizes: [100, 1_000, 10_000], measure: sleepingRuns },
  subscribers: { sizes: [1, 10, 100, 500, 2_000], measure: subscribers },
  log: { sizes: [100, 1_000, 10_000, 100_000], measure: logLength },
  soak: { sizes: [600], measure: (bench, [seconds = 600]) => soak(bench, seconds) },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sizes: { type: "string" }, out: { type: "string" } },
});
const [name = ""] = positionals;
const series = Object.hasOwn(SERIES, name) ? SERIES[name] : undefined;
if (series === undefined) {
  throw new Error(`Name a series: ${Object.keys(SERIES).join(", ")}.`);
}
const sizes = values.sizes?.split(",").map(Number) ?? series.sizes;
const bench = await BenchServer.start();
try {
  const before = loadAverage();
  const rows = await series.measure(bench, sizes);
  console.table(rows);
  if (values.out !== undefined) {
    const path = resolve(values.out);
    mkdirSync(dirname(path), { recursive: true });
    const load1 = { before, after: loadAverage() };
    writeFileSync(
      path,
      `${JSON.stringify({ date: new Date().toISOString(), series: name, machine: machine(), load1, rows }, null, 1)}\n`,
    );
  }
} finally {
  await bench.stop();
}
