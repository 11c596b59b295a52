import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { BenchServer, CLIENTS } from "./bench-server.ts";
import { coldStarts } from "./cold-start.ts";
import { Measurement } from "./measure.ts";
import type { Settings } from "./measure.ts";
import { treeUsage } from "./process-tree.ts";
import { loadAverage, machine, table } from "./report.ts";
import type { Report } from "./report.ts";
import { rounded } from "./statistics.ts";
import { chooseWorkloads } from "./workloads.ts";

/**
 * `npm run bench -- [--quick] [--workloads a,b] [--rounds N] [--cold N] [--idle SECONDS] [--out FILE]`: serves the built app as `npm start`
 * does and measures the workloads in interleaved rounds. Exit code 1 when any answer was wrong.
 */
const FULL: Settings = {
  rounds: 5,
  sequentialRuns: 100,
  sequentialMs: 20_000,
  clients: CLIENTS,
  loadMs: 20_000,
  warmUpRuns: 20,
};
const QUICK: Settings = { ...FULL, rounds: 2, sequentialRuns: 20, sequentialMs: 5_000, loadMs: 4_000, warmUpRuns: 5 };

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    workloads: { type: "string" },
    rounds: { type: "string" },
    cold: { type: "string" },
    idle: { type: "string" },
    out: { type: "string" },
  },
});

const base = values.quick ? QUICK : FULL;
const settings: Settings = { ...base, rounds: Number(values.rounds ?? base.rounds) };
const idleSeconds = Number(values.idle ?? (values.quick ? 3 : 30));
const cold = Number(values.cold ?? (values.quick ? 1 : 3));
const chosen = chooseWorkloads(values.workloads);

const bench = await BenchServer.start();
try {
  const report = await measure(bench);
  const out = resolve(values.out ?? join(import.meta.dirname, "results", `${report.date.replaceAll(":", "-")}.json`));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, `${JSON.stringify(report, null, 1)}\n`);
  console.log(`\n${table(report)}\n${out}`);
  for (const { id, errors } of report.workloads) {
    for (const [why, times] of Object.entries(errors)) {
      console.error(`${id}: ${times} × ${why}`);
      process.exitCode = 1;
    }
  }
} finally {
  await bench.stop();
}

async function measure(server: BenchServer): Promise<Report> {
  const usage = () => treeUsage(server.server.pid);
  const before = loadAverage();
  const startMiB = usage().rssMiB;
  const client = server.client();
  const measurements: Measurement[] = [];
  for (const workload of chosen) {
    const target = await server.load(workload);
    const measurement = new Measurement(workload.id, { target, server, client, settings });
    measurements.push(measurement);
    console.log(`${workload.id}: ${(await measurement.warmUp()) ? "warm" : "no right answer"}`);
  }
  await inTurns(measurements, (measurement) => measurement.sequentialRound());
  await inTurns(measurements, (measurement) => measurement.loadRound());
  client.reset();
  const afterLoadMiB = usage().rssMiB;
  const cpuBefore = usage().cpuMs;
  await sleep(idleSeconds * 1_000);
  const idle = usage();
  const [first] = chosen;
  return {
    date: new Date().toISOString(),
    machine: machine(),
    load1: { before, after: loadAverage() },
    settings,
    workloads: measurements.map((measurement) => measurement.result()),
    memory: {
      startMiB: rounded(startMiB, 0),
      afterLoadMiB: rounded(afterLoadMiB, 0),
      idleMiB: rounded(idle.rssMiB, 0),
      idleAfterSeconds: idleSeconds,
    },
    idleCpuPercent: rounded((idle.cpuMs - cpuBefore) / (idleSeconds * 10)),
    coldStarts: first === undefined || cold === 0 ? [] : await coldStarts(server, await server.load(first), cold),
  };
}

/** Every round visits every workload, each time from another one on, so that a change of the machine's mood meets them all. */
async function inTurns(measurements: Measurement[], visit: (measurement: Measurement) => Promise<void>): Promise<void> {
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const index of measurements.keys()) {
      const measurement = measurements[(index + round) % measurements.length];
      if (measurement !== undefined) {
        await visit(measurement);
        console.log(`round ${round + 1} of ${settings.rounds}: ${measurement.id}`);
      }
    }
  }
}
