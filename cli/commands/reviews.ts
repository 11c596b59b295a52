import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatValue, oneLine } from "../output/format-value.ts";
import { formatTable } from "../output/table.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

const PAYLOAD_WIDTH = 80;

export const reviewsCommand: Command = {
  name: "reviews",
  usage: `EXECUTION_ID [--json] ${SERVER_USAGE}`,
  summary: "list what people are asked for in a run",
  async run(argv, io) {
    const options = { ...SERVER_OPTIONS, json: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options });
    const [id, ...rest] = positionals;
    if (id === undefined || rest.length > 0) throw new UsageError("Name one run by its id.");
    const { items } = await clientFor(values, io).reviews(id);
    if (values.json) {
      io.out(`${JSON.stringify(items, null, 2)}\n`);
      return EXIT.ok;
    }
    const rows = items.map(({ review_id, node_id, asked_at, until, payload }) => [
      review_id,
      node_id,
      asked_at,
      until ?? "",
      oneLine(formatValue(payload), PAYLOAD_WIDTH),
    ]);
    io.out(formatTable(["REVIEW", "NODE", "ASKED", "UNTIL", "WHAT"], rows));
    return EXIT.ok;
  },
};
