import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const retryCommand: Command = {
  name: "retry",
  usage: `EXECUTION_ID [--idempotency-key KEY] ${SERVER_USAGE}`,
  summary: "run again what failed in a run, as a new run that takes over the rest",
  async run(argv, io) {
    const options = { ...SERVER_OPTIONS, "idempotency-key": { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
    const started = await clientFor(values, io).retry(id, { idempotencyKey: values["idempotency-key"] });
    io.out(`${started.id}  ${started.status}\n`);
    return EXIT.ok;
  },
};
