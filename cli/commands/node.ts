import { parseArgs } from "node:util";
import type { NodeExecution } from "#worker/contracts/execution.ts";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatDuration } from "../output/format-value.ts";
import { formatNodeDetail } from "../output/node-detail.ts";
import { formatTable } from "../output/table.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const nodeCommand: Command = {
  name: "node",
  usage: `EXECUTION_ID [NODE_EXECUTION_ID] [--json] ${SERVER_USAGE}`,
  summary: "list the node executions of a run, or show one: its attempts, times, causes, and why it ran or waits",
  async run(argv, io) {
    const options = { ...SERVER_OPTIONS, json: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options });
    const [id, nodeExecutionId, ...rest] = positionals;
    if (id === undefined || rest.length > 0)
      throw new UsageError("Name one run, and at most one of its node executions.");
    const client = clientFor(values, io);
    const found =
      nodeExecutionId === undefined
        ? await Array.fromAsync(client.nodeExecutions(id))
        : await client.nodeExecution(id, nodeExecutionId);
    if (values.json) io.out(`${JSON.stringify(found, null, 2)}\n`);
    else if (!Array.isArray(found)) io.out(formatNodeDetail(found));
    else io.out(formatTable(["NODE EXECUTION", "NODE", "STATUS", "ATTEMPT", "TOOK", "ERROR"], found.map(row)));
    return EXIT.ok;
  },
};

function row({ node_execution_id, node_id, status, attempt, duration_ms, error }: NodeExecution): string[] {
  const took = duration_ms === null ? "" : formatDuration(duration_ms);
  return [
    node_execution_id,
    node_id,
    status,
    String(attempt),
    took,
    error === null ? "" : `${error.message} (${error.code})`,
  ];
}
