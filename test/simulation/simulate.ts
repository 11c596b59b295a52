import { parseArgs } from "node:util";
import { register } from "./register.ts";

const { values } = parseArgs({ options: { seed: { type: "string" }, seeds: { type: "string" }, from: { type: "string" }, trace: { type: "boolean" }, mutation: { type: "string" }, without: { type: "string" } } });
register(values.mutation ?? null);
const { runSimulation } = await import("./run-simulation.ts");
const from = Number(values.seed ?? values.from ?? 1);
const count = values.seed === undefined ? Number(values.seeds ?? 100) : 1;
const t0 = performance.now();
let steps = 0, commits = 0;
const st: Record<string, number> = {};
for (let seed = from; seed < from + count; seed++) {
  const r = await runSimulation({ seed, trace: values.trace, without: values.without?.split(",") });
  steps += r.steps; commits += r.commits; st[r.status] = (st[r.status] ?? 0) + 1;
  if (values.trace) console.log(r.trace.join("\n"));
  if (r.failure) { console.log(seed, r.failure, r.enabled.join(" ")); break; }
}
console.log({ ms: performance.now() - t0, steps, commits, st });
