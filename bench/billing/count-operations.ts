import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startLocalRuntime } from "../local-runtime.ts";
import type { LocalRuntime } from "../local-runtime.ts";
import { treeUsage } from "../process-tree.ts";
import type { RunTarget } from "../run-client.ts";
import { rounded } from "../statistics.ts";
import { chooseWorkloads } from "../workloads.ts";
import { countedWorker } from "./counted-worker.ts";
import { combine, COUNTS, noCounts } from "./counters.ts";
import type { Cause, Counts } from "./counters.ts";
import { dollars } from "./cost.ts";

/**
 * `npm run bench:cost -- [--workloads a,b] [--runs N] [--clients N] [--no-alarms] [--out FILE]`: billed operations per run and per node
 * execution, counted at the bindings of the built Worker, and what a million node executions cost. Half a minute is waited at the end for the
 * alarms that ended runs leave; their share is the same for every run.
 */
const ALARMS_MS = 34_000;
/** After the last answer: the list of runs is written behind it. */
const SETTLE_MS = 1_500;

const { values } = parseArgs({
  options: {
    workloads: { type: "string" },
    runs: { type: "string", default: "20" },
    clients: { type: "string", default: "1" },
    "no-alarms": { type: "boolean", default: false },
    out: { type: "string" },
  },
});

interface Result {
  id: string;
  runs: number;
  nodeExecutions: number;
  perRun: Counts;
  cpuMsPerRun: number;
}

/** As on Cloudflare: calls to the outside that an invocation makes at a time, and objects that leave the memory when the platform thinks fit. */
const AS_ON_CLOUDFLARE = { WEFT_IO_SLOTS: "5", WEFT_RELEASE_MS: "0" };

const runtime = await startLocalRuntime({ worker: countedWorker(), vars: AS_ON_CLOUDFLARE });
try {
  const results: Result[] = [];
  let alarms = noCounts();
  for (const workload of chooseWorkloads(values.workloads)) {
    const target = await runtime.load(workload);
    await runMany(runtime, target, { runs: 3, clients: 1 });
    await sleep(SETTLE_MS);
    alarms = combine((await takeCounts(runtime)).alarm, alarms);
    const runs = Number(values.runs);
    const cpuBefore = treeUsage(runtime.pid).cpuMs;
    const nodeExecutions = await runMany(runtime, target, { runs, clients: Number(values.clients) });
    const cpuMsPerRun = (treeUsage(runtime.pid).cpuMs - cpuBefore) / runs;
    await sleep(SETTLE_MS);
    const counts = await takeCounts(runtime);
    alarms = combine(counts.alarm, alarms);
    results.push({
      id: workload.id,
      runs,
      nodeExecutions,
      cpuMsPerRun,
      perRun: combine(counts.run, noCounts(), 1 / runs),
    });
  }
  if (!values["no-alarms"]) {
    await sleep(ALARMS_MS);
    alarms = combine((await takeCounts(runtime)).alarm, alarms);
  }
  const allRuns = results.reduce((sum, { runs }) => sum + runs + 3, 0);
  const alarmsPerRun = combine(alarms, noCounts(), 1 / allRuns);
  report(
    results.map((result) => ({ ...result, perRun: combine(alarmsPerRun, result.perRun) })),
    alarmsPerRun,
  );
} finally {
  await runtime.stop();
}

async function runMany(
  on: LocalRuntime,
  target: RunTarget,
  { runs, clients }: { runs: number; clients: number },
): Promise<number> {
  let left = runs;
  let nodeExecutions = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (left > 0) {
        left -= 1;
        const answer = await on.client.run(target);
        if (!answer.ok) {
          throw new Error(answer.why);
        }
        nodeExecutions = answer.nodeExecutions;
      }
    }),
  );
  return nodeExecutions;
}

async function takeCounts({ url }: LocalRuntime): Promise<Record<Cause, Counts>> {
  return (await (await fetch(`${url}/bench/counts`)).json()) as Record<Cause, Counts>;
}

function report(results: Result[], alarmsPerRun: Counts): void {
  const names = COUNTS.filter((name) => results.some(({ perRun }) => perRun[name] > 0));
  console.log(
    `Of these, by the alarm after a run's end: ${names.map((name) => `${name} ${rounded(alarmsPerRun[name])}`).join(", ")}\n`,
  );
  console.log(`| per run | nodes | ${names.join(" | ")} | CPU ms | $ a million runs |`);
  console.log(`|---|--:|${names.map(() => "--:|").join("")}--:|--:|`);
  for (const { id, nodeExecutions, perRun, cpuMsPerRun } of results) {
    const cost = sum(dollars(perRun, cpuMsPerRun)) * 1_000_000;
    const figures = names.map((name) => rounded(perRun[name]));
    console.log(`| ${[id, nodeExecutions, ...figures, rounded(cpuMsPerRun), rounded(cost)].join(" | ")} |`);
  }
  console.log(
    `\n| per node execution | ${names.join(" | ")} | $ a million node executions | without CPU | largest items |`,
  );
  console.log(`|---|${names.map(() => "--:|").join("")}--:|--:|---|`);
  for (const { id, nodeExecutions, perRun, cpuMsPerRun } of results) {
    const perNode = combine(perRun, noCounts(), 1 / nodeExecutions);
    const items = dollars(perNode, cpuMsPerRun / nodeExecutions);
    const million = (value: number): number => rounded(value * 1_000_000, 3);
    const largest = Object.entries(items)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 3)
      .map(([name, value]) => `${name} ${million(value)}`);
    const figures = names.map((name) => rounded(perNode[name], 4));
    const total = sum(items);
    const withoutCpu = total - (items["worker_cpu_ms"] ?? 0);
    console.log(`| ${[id, ...figures, million(total), million(withoutCpu), largest.join(", ")].join(" | ")} |`);
  }
  if (values.out !== undefined) {
    const path = resolve(values.out);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify({ date: new Date().toISOString(), alarmsPerRun, results }, null, 1)}\n`);
  }
}

function sum(items: Record<string, number>): number {
  return Object.values(items).reduce((total, value) => total + value, 0);
}
