import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const retryCommand: Command = {
  name: "retry",
  usage: `EXECUTION_ID ${SERVER_USAGE}`,
  summary: "run again what failed in a run, as a new run that takes over the rest",
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: SERVER_OPTIONS });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
    const started = await clientFor(values, io).retry(id);
    io.out(`${started.id}  ${started.status}\n`);
    return EXIT.ok;
  },
};
