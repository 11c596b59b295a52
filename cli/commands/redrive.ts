import { parseArgs } from "node:util";
import type { RedriveFilter, RedriveItem } from "#worker/contracts/rerun.ts";
import type { WeftClient } from "../client.ts";
import { type Command, EXIT, UsageError } from "../command.ts";
import { formatTable } from "../output/table.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

/** Exit code 1 when a run could not be retried. */
export const redriveCommand: Command = {
  name: "redrive",
  usage: `--status FAILED|TERMINATED [--error-code CODE] [--graph GRAPH_ID] [--from TIME] [--to TIME] [--limit N] [--all] [--json] ${SERVER_USAGE}`,
  summary:
    "retry many runs: the newest (at most 100; --all: as many as there are) with this status and error, of an agent, created from a time on and before another; " +
    "called again within 24 hours, the runs found again keep the new ones they have",
  async run(argv, io) {
    const { values } = parseArgs({
      args: argv,
      options: {
        ...SERVER_OPTIONS,
        status: { type: "string" },
        "error-code": { type: "string" },
        graph: { type: "string" },
        from: { type: "string" },
        to: { type: "string" },
        limit: { type: "string", default: "100" },
        all: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
    const status = values.status?.toUpperCase();
    if (status !== "FAILED" && status !== "TERMINATED") throw new UsageError("--status takes FAILED or TERMINATED.");
    const limit = Number(values.limit);
    if (!(Number.isInteger(limit) && limit > 0 && limit <= 100))
      throw new UsageError("--limit takes a number from 1 to 100.");
    const filter: RedriveFilter = {
      status,
      error_code: values["error-code"],
      graph_id: values.graph,
      from: timeOf("--from", values.from),
      to: timeOf("--to", values.to),
      limit,
    };
    const items: RedriveItem[] = [];
    try {
      for await (const { page, more } of redriven(clientFor(values, io), filter, values.all)) {
        items.push(...page);
        if (more) io.err(`${items.length} runs so far …\n`);
      }
    } catch (error) {
      // What the pages before have started is told all the same.
      if (items.length > 0) io.out(shown(items, values.json));
      throw error;
    }
    io.out(shown(items, values.json));
    return items.every(({ error }) => error === undefined) ? EXIT.ok : EXIT.failed;
  },
};

function shown(items: readonly RedriveItem[], json: boolean): string {
  if (json) return `${JSON.stringify(items, null, 2)}\n`;
  return formatTable(
    ["RUN", "NEW RUN", "ERROR"],
    items.map(({ execution_id, new_execution_id = "", error }) => [
      execution_id,
      new_execution_id,
      error?.message ?? "",
    ]),
  );
}

/** Page by page: the first, or all of them. What is started meanwhile is newer, and not among them. */
async function* redriven(
  client: WeftClient,
  filter: RedriveFilter,
  all: boolean,
): AsyncGenerator<{ page: RedriveItem[]; more: boolean }> {
  let cursor: string | undefined;
  do {
    const { items, next_cursor } = await client.redrive(filter, cursor);
    cursor = all ? (next_cursor ?? undefined) : undefined;
    yield { page: items, more: cursor !== undefined };
  } while (cursor !== undefined);
}

function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new UsageError(`${option} takes a time such as 2026-11-22T20:00:00Z.`);
  return time.toISOString();
}
