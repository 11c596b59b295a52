import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatDuration, formatValue } from "../output/format-value.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";
import { wholeOutputs } from "../whole-outputs.ts";

export const showCommand: Command = {
  name: "show",
  usage: `EXECUTION_ID [--json] ${SERVER_USAGE}`,
  summary: "show where a run stands: its status, its outputs so far, its error, or why it waits for its turn",
  async run(argv, io) {
    const options = { ...SERVER_OPTIONS, json: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
    const client = clientFor(values, io);
    const found = await client.execution(id);
    const run = { ...found, outputs: await wholeOutputs(client, found) };
    if (values.json) {
      io.out(`${JSON.stringify(run, null, 2)}\n`);
      return EXIT.ok;
    }
    const took = run.ended_at === null ? "" : ` (${formatDuration(run.stats.duration_ms)})`;
    io.out(`${run.id}  ${run.status}${run.paused ? ", paused" : ""}${took}  ${run.graph_name} v${run.graph_version}\n`);
    if (run.queued_reason !== null) io.out(`${run.queued_reason.message} (${run.queued_reason.code})\n`);
    for (const [name, given] of Object.entries(run.outputs)) {
      for (const value of given) io.out(`${name}: ${formatValue(value)}\n`);
    }
    if (run.error !== null) io.out(`${run.error.message} (${run.error.code})\n`);
    return EXIT.ok;
  },
};
