import { parseArgs } from "node:util";
import type { JsonObject } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { type Command, EXIT, UsageError } from "../command.ts";
import { jsonOrText } from "../json-or-text.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const forkCommand: Command = {
  name: "fork",
  usage: `EXECUTION_ID NODE_EXECUTION_ID [--input PIN=VALUE]… ${SERVER_USAGE}`,
  summary: "go on from a node execution of a run with other values, as a new run (weft logs --json tells the ids)",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { ...SERVER_OPTIONS, input: { type: "string", multiple: true, short: "i", default: [] } },
    });
    const [id, nodeExecutionId, ...rest] = positionals;
    if (id === undefined || nodeExecutionId === undefined || rest.length > 0) {
      throw new UsageError("Name one run and one of its node executions.");
    }
    const started = await clientFor(values, io).fork(id, {
      node_execution_id: nodeExecutionId,
      inputs: pinValues(values.input),
    });
    io.out(`${started.id}  ${started.status}\n`);
    return EXIT.ok;
  },
};

function pinValues(given: string[]): JsonObject {
  return recordOf(
    given.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw new UsageError(`--input takes PIN=VALUE, not "${pair}".`);
      return [pair.slice(0, at), jsonOrText(pair.slice(at + 1))] as const;
    }),
  );
}
