import { parseArgs } from "node:util";
import type { ExecutionEvent } from "#graph/run/event.ts";
import { type Command, EXIT, UsageError } from "../command.ts";
import { eventLine } from "../output/event-line.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

/** The events of a run. The exit code tells nothing of the run without `--follow`; with it, 1 when the run did not complete. */
export const logsCommand: Command = {
  name: "logs",
  usage: `EXECUTION_ID [--follow] [--after N] [--json] ${SERVER_USAGE}`,
  summary: "show the events of a run, and with --follow those to come",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        follow: { type: "boolean", short: "f", default: false },
        after: { type: "string", default: "0" },
        json: { type: "boolean", default: false },
      },
    });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
    const after = Number(values.after);
    if (!(Number.isInteger(after) && after >= 0)) throw new UsageError("--after takes a number from 0.");
    const client = clientFor(values, io);
    let last: ExecutionEvent["type"] | undefined;
    for await (const event of values.follow ? client.follow(id, after, io.signal) : client.events(id, after)) {
      io.out(values.json ? `${JSON.stringify(event)}\n` : `${event.at}  ${eventLine(event, (nodeId) => nodeId)}\n`);
      last = event.type;
    }
    if (io.signal.aborted) return EXIT.interrupted;
    const bad = last === "execution_failed" || last === "execution_terminated";
    return values.follow && bad ? EXIT.failed : EXIT.ok;
  },
};
