import { parseArgs } from "node:util";
import { FAULT_KINDS } from "./faults.ts";
import { FEATURE_NAMES } from "./features.ts";
import { register } from "./register.ts";
import type { SimulationResult } from "./run-simulation.ts";
import { Tally } from "./tally.ts";

/**
 * `npm run simulate`. Runs one world a seed and stops at the first that breaks an invariant, with the story of it.
 *
 *   --seeds N      how many seeds (default 1,000)      --from N       the first (default 1)
 *   --seed N       just this one                       --trace        tells every step
 *   --only a,b     just these                          --json         one line of JSON with the results, and no stop at failures
 *   --without a,b  leaves out kinds of fault (faults.ts), or what only some worlds have (features.ts)
 *   --mutation m   with a bug put in on purpose (mutations.ts)
 *   --large        worlds in which values are stored outside of the log, and that storage fails at times
 *   --mutations    tries every mutation, or the one of --mutation, and prints a table
 *
 * Exit code 1 when an invariant broke.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" },
    trace: { type: "boolean" },
    json: { type: "boolean" },
    without: { type: "string" },
    mutation: { type: "string" },
    mutations: { type: "boolean" },
    large: { type: "boolean" },
  },
});

/** How often the progress line is written, ms. */
const PROGRESS_MS = 1_000;

/** With `--json`, after so many failures it is enough. */
const MOST_FAILURES = 10;

interface Totals {
  runs: number;
  commits: number;
  events: number;
  steps: number;
  endings: Tally<string>;
  faults: Tally<string>;
  features: Tally<string>;
}

if (values.mutations === true) {
  const { tryMutations } = await import("./try-mutations.ts");
  process.exitCode = (await tryMutations(whole("seeds", 20_000), values.mutation ?? null)) ? 0 : 1;
} else {
  register(values.mutation ?? null);
  process.exitCode = (await simulate()) ? 0 : 1;
}

async function simulate(): Promise<boolean> {
  const { runSimulation } = await import("./run-simulation.ts");
  const without = leftOut();
  const large = values.large === true;
  const totals: Totals = {
    runs: 0,
    commits: 0,
    events: 0,
    steps: 0,
    endings: new Tally(),
    faults: new Tally(),
    features: new Tally(),
  };
  const failures: { seed: number; invariant: string; message: string }[] = [];
  const digests: Record<number, string> = {};
  const began = performance.now();
  let told = began;
  for (const seed of seeds()) {
    const result = await runSimulation({ seed, without, large, trace: values.trace === true });
    add(totals, result);
    if (values.only !== undefined) {
      digests[seed] = result.digest;
    }
    if (values.trace === true) {
      console.log(result.trace.join("\n"));
    }
    if (result.failure !== null) {
      failures.push({ seed, ...result.failure });
      if (values.json === true && failures.length >= MOST_FAILURES) {
        break;
      }
      if (values.json !== true) {
        await report(result, () => runSimulation({ seed, without, large, trace: true }));
        break;
      }
    }
    if (process.stderr.isTTY && performance.now() - told > PROGRESS_MS) {
      told = performance.now();
      process.stderr.write(`\r${totals.runs} runs, ${totals.commits} commits, seed ${seed} `);
    }
  }
  const seconds = (performance.now() - began) / 1_000;
  if (values.json === true) {
    const { runs, commits, events } = totals;
    const faults = Object.fromEntries(totals.faults);
    const features = Object.fromEntries(totals.features);
    const { user, system } = process.cpuUsage();
    const cpu_seconds = (user + system) / 1_000_000;
    console.log(JSON.stringify({ runs, commits, events, cpu_seconds, faults, features, failures, digests }));
  } else {
    summarise(totals, seconds);
  }
  return failures.length === 0;
}

function* seeds(): Iterable<number> {
  if (values.only !== undefined) {
    yield* values.only.split(",").map(Number);
    return;
  }
  const first = whole("seed", whole("from", 1));
  const count = values.seed === undefined ? whole("seeds", 1_000) : 1;
  for (let seed = first; seed < first + count; seed += 1) {
    yield seed;
  }
}

/** What `--without` names. */
function leftOut(): string[] {
  const names = values.without?.split(",") ?? [];
  const known: readonly string[] = [...FAULT_KINDS, ...FEATURE_NAMES];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`--without does not know ${unknown.join(", ")}; there are ${known.join(", ")}`);
  }
  return names;
}

function whole(name: "seeds" | "from" | "seed", otherwise: number): number {
  const given = values[name];
  const number = given === undefined ? otherwise : Number(given);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new Error(`--${name} must be a whole number, not ${given}`);
  }
  return number;
}

function add(totals: Totals, result: SimulationResult): void {
  totals.runs += 1;
  totals.commits += result.commits;
  totals.events += result.events;
  totals.steps += result.steps;
  totals.endings.add(result.status);
  addCounts(totals.faults, result.faults);
  addCounts(totals.features, result.features);
}

function addCounts(sums: Tally<string>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) {
    sums.add(name, count);
  }
}

/** The story of a failure: what broke, what went wrong before, every step, and how to see it again. */
async function report(
  { seed, failure, faults }: SimulationResult,
  again: () => Promise<SimulationResult>,
): Promise<void> {
  if (values.trace !== true) {
    console.log((await again()).trace.join("\n"));
  }
  console.log(`\nSeed ${seed} breaks "${failure?.invariant}":\n${failure?.message}\n`);
  console.log(`Faults until then: ${[...faults].map(([kind, count]) => `${kind} ${count}`).join(", ") || "none"}`);
  console.log(`Again: npm run simulate -- --seed ${seed} --trace\n`);
}

function summarise({ runs, commits, events, steps, endings, faults, features }: Totals, seconds: number): void {
  if (process.stderr.isTTY) {
    process.stderr.write("\n");
  }
  console.log(`${runs} runs in ${seconds.toFixed(1)} s: ${steps} steps, ${commits} commits, ${events} events`);
  console.log(`ended: ${[...endings].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
  console.log("faults, and what only some worlds have:");
  for (const [kind, count] of [...faults, ...features].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${kind.padEnd(22)} ${String(count).padStart(9)}`);
  }
}
