import { parseArgs } from "node:util";
import { BenchServer, CLIENTS } from "./bench-server.ts";
import { treeUsage } from "./process-tree.ts";
import { keepRunning } from "./profile/keep-running.ts";
import type { RunTarget } from "./run-client.ts";
import { rounded } from "./statistics.ts";
import { chooseWorkloads } from "./workloads.ts";

/**
 * `npm run bench:builds -- --other FOLDER [--workloads a,b] [--rounds 5] [--seconds 3]`: this checkout and another one, such as `git worktree add FOLDER v0.1.0` with its
 * packages installed, serve side by side and are measured in turns of some seconds, so that the machine's moods meet both. Ends at the first wrong answer.
 */
const { values } = parseArgs({
  options: {
    other: { type: "string" },
    workloads: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
  },
});
if (values.other === undefined) {
  throw new Error("--other FOLDER is missing: the checkout to compare with.");
}

const WARM_UP_MS = 5_000;
const rounds = Number(values.rounds);
const ms = Number(values.seconds) * 1_000;

interface Side {
  name: string;
  bench: BenchServer;
}

interface Sum {
  runs: number;
  cpuMs: number;
  ms: number;
}

const sides: Side[] = [];
try {
  sides.push({ name: "other", bench: await BenchServer.start({ project: values.other }) });
  sides.push({ name: "this", bench: await BenchServer.start() });
  const rows = [];
  for (const workload of chooseWorkloads(values.workloads)) {
    const contenders = [];
    for (const { name, bench } of sides) {
      const target = await bench.load(workload);
      await keepRunning({ client: bench.client() }, target, { clients: CLIENTS, ms: WARM_UP_MS });
      contenders.push({ name, bench, target, sum: { runs: 0, cpuMs: 0, ms: 0 } });
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
        await turn(contender);
      }
    }
    for (const { name, bench, sum } of contenders) {
      rows.push({
        workload: workload.id,
        build: name,
        runs: sum.runs,
        runs_per_second: rounded((1_000 * sum.runs) / sum.ms),
        cpu_ms_per_run: rounded(sum.cpuMs / sum.runs),
        rss_mib: rounded(treeUsage(bench.server.pid).rssMiB, 0),
      });
    }
  }
  console.table(rows);
} finally {
  await Promise.all(sides.map(({ bench }) => bench.stop()));
}

async function turn({ bench, target, sum }: { bench: BenchServer; target: RunTarget; sum: Sum }): Promise<void> {
  const client = bench.client();
  const cpuBefore = treeUsage(bench.server.pid).cpuMs;
  const began = performance.now();
  const { runs } = await keepRunning({ client }, target, { clients: CLIENTS, ms });
  sum.ms += performance.now() - began;
  sum.cpuMs += treeUsage(bench.server.pid).cpuMs - cpuBefore;
  sum.runs += runs;
  client.reset();
}
