import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatProblems } from "../output/problems.ts";
import { readJsonFile } from "../read-file.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const importCommand: Command = {
  name: "import",
  usage: `FILE [--json] ${SERVER_USAGE}`,
  summary: "store an agent file on a server",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { ...SERVER_OPTIONS, json: { type: "boolean", default: false } },
    });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new UsageError("Name one agent file.");
    const graph = await clientFor(values, io).importGraph(readJsonFile(path));
    if (values.json) {
      const { id, version, name, problems } = graph;
      io.out(`${JSON.stringify({ id, version, name, problems }, null, 2)}\n`);
      return EXIT.ok;
    }
    io.out(`${graph.id}  ${graph.name} (version ${graph.version})\n`);
    io.err(formatProblems(graph.problems));
    return EXIT.ok;
  },
};
