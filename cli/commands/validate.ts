import { parseArgs } from "node:util";
import { blockRegistry } from "#blocks/registry.ts";
import { GraphError } from "#graph/errors.ts";
import { importGraph } from "#graph/model/import-graph.ts";
import { validateGraph } from "#graph/validation/validate-graph.ts";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatProblems, hasErrors, type Problem } from "../output/problems.ts";
import { readJsonFile } from "../read-file.ts";

/** Checks an agent file without a server, by the functions that the server uses. */
export const validateCommand: Command = {
  name: "validate",
  usage: "FILE [--json]",
  summary: "check an agent file and list what keeps it from running",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new UsageError("Name one agent file.");
    const { name, problems } = check(readJsonFile(path));
    if (values.json) io.out(`${JSON.stringify({ valid: !hasErrors(problems), problems }, null, 2)}\n`);
    else if (problems.length > 0) io.out(formatProblems(problems));
    if (hasErrors(problems)) return EXIT.usage;
    if (!values.json) io.out(`${name} is valid.\n`);
    return EXIT.ok;
  },
};

function check(file: unknown): { name: string; problems: Problem[] } {
  try {
    const { graph, warnings: changes } = importGraph(file, blockRegistry.catalog);
    const { errors, warnings, node_errors } = validateGraph(graph, blockRegistry.catalog, { forRun: true });
    const problems: Problem[] = [
      ...errors.map((problem): Problem => ({ severity: "error", ...problem })),
      ...nodeProblems(node_errors),
      ...[...warnings, ...changes].map((problem): Problem => ({ severity: "warning", ...problem })),
    ];
    return { name: graph.name, problems };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    return { name: "", problems: [{ severity: "error", code: error.code, message: error.message }, ...details(error)] };
  }
}

function nodeProblems(nodeErrors: Record<string, Record<string, string>>): Problem[] {
  return Object.entries(nodeErrors).flatMap(([node_id, fields]) =>
    Object.entries(fields).map(([field, message]) => ({
      severity: "error",
      code: "invalid_node",
      message,
      node_id,
      field,
    })),
  );
}

function details({ details: found }: GraphError): Problem[] {
  return (found ?? []).map(({ path, message }) => ({ severity: "error", code: "invalid_graph", message, field: path }));
}
