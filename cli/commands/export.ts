import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const exportCommand: Command = {
  name: "export",
  usage: `GRAPH_ID [--version N] [--output FILE] ${SERVER_USAGE}`,
  summary: "write an agent of a server as a file",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { ...SERVER_OPTIONS, version: { type: "string" }, output: { type: "string", short: "o" } },
    });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one graph by its id.");
    const version = values.version === undefined ? undefined : Number(values.version);
    if (version !== undefined && !(Number.isInteger(version) && version > 0)) {
      throw new UsageError("--version takes a number from 1.");
    }
    const text = `${JSON.stringify(await clientFor(values, io).exportGraph(id, version), null, 2)}\n`;
    if (values.output === undefined) io.out(text);
    else writeFileSync(values.output, text);
    return EXIT.ok;
  },
};
