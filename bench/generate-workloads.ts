import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ALL_WORKLOADS, workloadText } from "./workloads.ts";

/** Writes the agent files of `workloads/` anew: `node bench/generate-workloads.ts`. */
for (const workload of ALL_WORKLOADS) {
  writeFileSync(join(import.meta.dirname, "workloads", `${workload.id}.json`), workloadText(workload));
}
