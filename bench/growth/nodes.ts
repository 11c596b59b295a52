import type { JsonObject } from "#graph/json.ts";
import { agentFile } from "#test/agent-file.ts";
import type { BenchServer } from "../bench-server.ts";
import { treeUsage } from "../process-tree.ts";
import { rounded, summarise } from "../statistics.ts";

/** Node executions of one turn of the counting loop: addition and comparison. */
const PER_TURN = 2;

/** A loop that counts to `turns`: one graph for every size, so that only the number of node executions grows. */
export function countingLoop(turns: number): JsonObject {
  return agentFile(`growth-loop${turns}`, `Counts to ${turns} in a loop.`, {
    nodes: {
      start: ["input", { name: "start" }],
      add: ["calculator", { operation: "Add", b: 1 }],
      enough: ["condition", { operator: ">=", value2: turns }],
      out: ["output", { name: "reached" }],
    },
    links: [
      ["start.result", "add.a"],
      ["add.result", "enough.value1"],
      ["add.result", "enough.no_value"],
      ["enough.no_output", "add.a"],
      ["enough.yes_output", "out.value"],
    ],
    weft: { step_limit: PER_TURN * turns + 10 },
  });
}

/** Time and CPU per node execution while a run grows; flat is the aim. */
export async function nodesPerRun(bench: BenchServer, sizes: readonly number[]): Promise<Record<string, unknown>[]> {
  const client = bench.client(1);
  const rows: Record<string, unknown>[] = [];
  for (const size of sizes) {
    const turns = Math.max(1, Math.round(size / PER_TURN));
    const target = {
      graphId: await bench.importFile(countingLoop(turns)),
      inputs: { start: 0 },
      outputs: { reached: [turns] },
    };
    const repeats = Math.max(3, Math.min(20, Math.round(20_000 / size)));
    await client.run(target);
    const cpuBefore = treeUsage(bench.server.pid).cpuMs;
    const ms: number[] = [];
    let nodes = 0;
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const answer = await client.run(target);
      if (!answer.ok) {
        throw new Error(`${size} nodes: ${answer.why}`);
      }
      ms.push(answer.ms);
      nodes = answer.nodeExecutions;
    }
    const cpuMs = (treeUsage(bench.server.pid).cpuMs - cpuBefore) / repeats;
    const p50 = summarise(ms).p50 ?? 0;
    rows.push({
      nodes,
      runs: repeats,
      p50_ms: p50,
      us_per_node: rounded((p50 * 1_000) / nodes, 1),
      cpu_us_per_node: rounded((cpuMs * 1_000) / nodes, 1),
      rss_mib: rounded(treeUsage(bench.server.pid).rssMiB, 0),
    });
  }
  client.reset();
  return rows;
}
