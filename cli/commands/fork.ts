import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { pinValues } from "../input-values.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const forkCommand: Command = {
  name: "fork",
  usage: `EXECUTION_ID NODE_EXECUTION_ID [--input PIN=VALUE]… [--idempotency-key KEY] ${SERVER_USAGE}`,
  summary: "go on from a node execution of a run with other values, as a new run (weft node tells the ids)",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        input: { type: "string", multiple: true, short: "i", default: [] },
        "idempotency-key": { type: "string" },
      },
    });
    const [id, nodeExecutionId, ...rest] = positionals;
    if (id === undefined || nodeExecutionId === undefined || rest.length > 0) {
      throw new UsageError("Name one run and one of its node executions.");
    }
    const started = await clientFor(values, io).fork(
      id,
      { node_execution_id: nodeExecutionId, inputs: pinValues(values.input) },
      { idempotencyKey: values["idempotency-key"] },
    );
    io.out(`${started.id}  ${started.status}\n`);
    return EXIT.ok;
  },
};
