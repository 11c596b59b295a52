import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const cancelCommand: Command = {
  name: "cancel",
  usage: `EXECUTION_ID ${SERVER_USAGE}`,
  summary: "stop a run",
  async run(argv, io) {
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: SERVER_OPTIONS });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
    const { status } = await clientFor(values, io).cancel(id);
    io.out(`${id}  ${status}\n`);
    return EXIT.ok;
  },
};
