import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatEstimate } from "../output/estimate.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const estimateCommand: Command = {
  name: "estimate",
  usage: `GRAPH_ID [--json] ${SERVER_USAGE}`,
  summary: "tell what a run of an agent would take, from its runs so far, and how many wait before it",
  async run(argv, io) {
    const options = { ...SERVER_OPTIONS, json: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one graph by its id.");
    const estimate = await clientFor(values, io).estimate(id);
    io.out(values.json ? `${JSON.stringify(estimate, null, 2)}\n` : formatEstimate(estimate));
    return EXIT.ok;
  },
};
