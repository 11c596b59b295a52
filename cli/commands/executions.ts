import { parseArgs } from "node:util";
import { formatUsd } from "#graph/run/format-usd.ts";
import type { ExecutionListItem } from "#worker/contracts/execution.ts";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatDuration } from "../output/format-value.ts";
import { formatTable } from "../output/table.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const executionsCommand: Command = {
  name: "executions",
  usage: `[--graph GRAPH_ID] [--status STATUS] [--limit N] [--json] ${SERVER_USAGE}`,
  summary: "list the runs of a server, newest first",
  async run(argv, io) {
    const { values } = parseArgs({
      args: argv,
      options: {
        ...SERVER_OPTIONS,
        graph: { type: "string" },
        status: { type: "string" },
        limit: { type: "string", default: "25" },
        json: { type: "boolean", default: false },
      },
    });
    const limit = Number(values.limit);
    if (!(Number.isInteger(limit) && limit > 0)) throw new UsageError("--limit takes a number from 1.");
    const found: ExecutionListItem[] = [];
    const filter = { graph_id: values.graph, status: values.status?.toUpperCase() };
    for await (const execution of clientFor(values, io).executions(filter)) {
      if (found.push(execution) >= limit) break;
    }
    if (values.json) io.out(`${JSON.stringify(found, null, 2)}\n`);
    else io.out(formatTable(["ID", "STATUS", "CREATED", "TOOK", "NODES", "COST", "GRAPH"], found.map(row)));
    return EXIT.ok;
  },
};

function row({ id, status, created_at, ended_at, stats, graph_name, graph_version }: ExecutionListItem): string[] {
  return [
    id,
    status,
    created_at,
    ended_at === null ? "" : formatDuration(stats.duration_ms),
    String(stats.node_execution_count),
    stats.cost_usd === undefined ? "" : formatUsd(stats.cost_usd, "en"),
    `${graph_name} v${graph_version}`,
  ];
}
