import { parseArgs } from "node:util";
import type { JsonObject } from "#graph/json.ts";
import { recordOf } from "#graph/own-property.ts";
import { isTerminal } from "#graph/run/status.ts";
import type { StartExecutionRequest } from "#worker/contracts/execution.ts";
import { ApiError, type Execution, type StoredGraph, type WeftClient } from "../client.ts";
import { type Command, type CommandIo, EXIT, UsageError } from "../command.ts";
import { fileValues, inputValues, pinValues } from "../input-values.ts";
import { nodeIdOf, nodeNames } from "../node-names.ts";
import { createProgress } from "../output/progress.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";
import { wholeOutputs } from "../whole-outputs.ts";
import { report } from "./run.ts";

const OPTIONS = {
  ...SERVER_OPTIONS,
  version: { type: "string" },
  input: { type: "string", multiple: true, short: "i", default: [] as string[] },
  "input-file": { type: "string" },
  "idempotency-key": { type: "string" },
  "dry-run": { type: "boolean", default: false },
  pinned: { type: "string" },
  "saved-pins": { type: "boolean", default: false },
  until: { type: "string" },
  only: { type: "string" },
  wait: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/**
 * Runs an agent that a server has. Exit code 0 once it is accepted; with `--wait` 0 when it completed, 1 when it failed or was stopped, and 3 when it
 * goes on after the time. Ctrl-C ends the waiting, not the run.
 */
export const startCommand: Command = {
  name: "start",
  usage:
    "GRAPH_ID [--version N] [--input NAME=VALUE]… [--input-file FILE] [--idempotency-key KEY] [--dry-run] " +
    `[--pinned FILE | --saved-pins] [--until NODE | --only NODE] [--wait SECONDS] [--json] ${SERVER_USAGE}`,
  summary: "run an agent of a server and print the run's id, or with --wait its outputs",
  async run(argv, io) {
    const given = readArguments(argv);
    const client = clientFor(given.values, io);
    const request = await requestOf(given, client);
    const idempotencyKey = given.values["idempotency-key"];
    const started = await client.startExecution(request, { idempotencyKey });
    const { json } = given.values;
    if (given.waitMs !== undefined) return waitFor(client, started, { ms: given.waitMs, json }, io);
    const { id, status, queued_reason } = started;
    io.out(json ? `${JSON.stringify({ id, status, queued_reason }, null, 2)}\n` : `${id}  ${status}\n`);
    if (!json && queued_reason !== null) io.err(`${queued_reason.message} (${queued_reason.code})\n`);
    return EXIT.ok;
  },
};

interface Given {
  graphId: string;
  version: number | undefined;
  waitMs: number | undefined;
  values: ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: typeof OPTIONS }>>["values"];
}

function readArguments(argv: string[]): Given {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: OPTIONS });
  const [graphId, ...rest] = positionals;
  if (graphId === undefined || rest.length > 0) throw new UsageError("Name one graph by its id.");
  const version = values.version === undefined ? undefined : Number(values.version);
  if (version !== undefined && !(Number.isInteger(version) && version > 0)) {
    throw new UsageError("--version takes a number from 1.");
  }
  const seconds = values.wait === undefined ? undefined : Number(values.wait);
  if (seconds !== undefined && !(seconds > 0)) throw new UsageError("--wait takes a number of seconds above 0.");
  if (values.until !== undefined && values.only !== undefined) {
    throw new UsageError("Give --until or --only, not both.");
  }
  if (values.pinned !== undefined && values["saved-pins"]) {
    throw new UsageError("Give --pinned or --saved-pins, not both.");
  }
  return { graphId, version, waitMs: seconds === undefined ? undefined : seconds * 1_000, values };
}

async function requestOf({ graphId, version, values }: Given, client: WeftClient): Promise<StartExecutionRequest> {
  const { until, only, pinned } = values;
  const named = until ?? only;
  // The agent is asked for only where its schema or its nodes decide what was meant.
  const graph = values.input.length > 0 || named !== undefined ? await client.graph(graphId, version) : undefined;
  const nodeId = named === undefined ? undefined : await nodeIdOf(named, graph?.nodes ?? [], client);
  return {
    graph_id: graphId,
    ...(version === undefined ? {} : { graph_version: version }),
    inputs: inputsOf(values, graph),
    ...(values["dry-run"] ? { dry_run: true } : {}),
    ...(values["saved-pins"] ? { pinned: true } : {}),
    ...(pinned === undefined ? {} : { pinned: fileValues(pinned) as StartExecutionRequest["pinned"] }),
    ...(nodeId === undefined ? {} : { [until === undefined ? "only_node_id" : "until_node_id"]: nodeId }),
  };
}

/** Of the whole agent by name; of one node alone by pin. */
function inputsOf(values: Given["values"], graph: StoredGraph | undefined): JsonObject {
  const file = values["input-file"];
  if (values.only === undefined) return inputValues({ inputs: values.input, file }, graph?.input_schema ?? {});
  const fromFile = file === undefined ? {} : fileValues(file);
  return recordOf([...Object.entries(fromFile), ...Object.entries(pinValues(values.input))]);
}

async function waitFor(
  client: WeftClient,
  { id, graph_id, graph_version }: Execution,
  { ms, json }: { ms: number; json: boolean },
  io: CommandIo,
): Promise<number> {
  const progress = createProgress(io, await namesIn(client, graph_id, graph_version));
  const stop = AbortSignal.any([io.signal, AbortSignal.timeout(ms)]);
  try {
    for await (const event of client.follow(id, 0, stop)) progress.event(event);
  } finally {
    progress.end();
  }
  const run = await client.execution(id);
  report({ ...run, outputs: await wholeOutputs(client, run) }, json, io);
  if (isTerminal(run.status)) return run.status === "COMPLETED" ? EXIT.ok : EXIT.failed;
  io.err(`The run ${id} goes on. \`weft logs ${id} --follow\` shows the rest.\n`);
  return io.signal.aborted ? EXIT.interrupted : EXIT.unfinished;
}

/** None where the agent was deleted: a key may still stand for a run of it. */
async function namesIn(client: WeftClient, graphId: string, version: number): Promise<Map<string, string>> {
  try {
    return await nodeNames((await client.graph(graphId, version)).nodes, client);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return new Map();
    throw error;
  }
}
