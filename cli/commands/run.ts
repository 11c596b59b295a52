import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Execution, type StoredGraph, WeftClient } from "../client.ts";
import { type Command, type CommandIo, EXIT, UsageError } from "../command.ts";
import { type EmbeddedRuntime, startRuntime } from "../embedded-runtime.ts";
import { inputValues } from "../input-values.ts";
import { nodeNames } from "../node-names.ts";
import { formatValue } from "../output/format-value.ts";
import { formatProblems, hasErrors } from "../output/problems.ts";
import { createProgress } from "../output/progress.ts";
import { readJsonFile } from "../read-file.ts";
import { ensureBuild } from "../runtime/build-project.ts";
import { ensureLocalOwner } from "../runtime/local-owner.ts";
import { sessionSecret, workerVars } from "../runtime/settings.ts";
import { abandonable } from "../abandonable.ts";
import { wholeOutputs } from "../whole-outputs.ts";

/** Runs an agent file without a server: on an embedded runtime of its own, with data that is thrown away. */
export const runCommand: Command = {
  name: "run",
  usage: "FILE [--input NAME=VALUE]… [--input-file FILE] [--timeout SECONDS] [--json]",
  summary: "run an agent file here, headless, and print its outputs",
  async run(argv, io) {
    const request = readRequest(argv);
    const file = readJsonFile(request.path);
    await ensureBuild({ onStart: () => io.err("Building Weft …\n") });
    const data = mkdtempSync(join(tmpdir(), "weft-run-"));
    let runtime: EmbeddedRuntime | undefined;
    try {
      runtime = await startRuntime({
        dataDir: data,
        host: "127.0.0.1",
        port: 0,
        vars: { ...workerVars(io.environment), WEFT_SECRET: sessionSecret(data, {}) },
        // What the Worker logs is for the operator of a server; what a run has to say comes as events.
        log: (level, message) => void (level === "error" && io.err(`${message}\n`)),
      });
      const { access } = await ensureLocalOwner(runtime, data, undefined);
      return await runFile(new WeftClient({ url: access.url, apiKey: access.api_key }), file, request, io);
    } finally {
      await runtime?.dispose();
      rmSync(data, { recursive: true, force: true, maxRetries: 3 });
    }
  },
};

interface RunRequest {
  path: string;
  inputs: string[];
  inputFile: string | undefined;
  timeoutMs: number | undefined;
  json: boolean;
}

function readRequest(argv: string[]): RunRequest {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      input: { type: "string", multiple: true, short: "i", default: [] },
      "input-file": { type: "string" },
      timeout: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageError("Name one agent file.");
  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !(seconds > 0)) throw new UsageError("--timeout takes a number of seconds above 0.");
  return {
    path,
    inputs: values.input,
    inputFile: values["input-file"],
    timeoutMs: seconds === undefined ? undefined : seconds * 1_000,
    json: values.json,
  };
}

async function runFile(client: WeftClient, file: unknown, request: RunRequest, io: CommandIo): Promise<number> {
  const graph = await client.importGraph(file);
  io.err(formatProblems(graph.problems));
  if (hasErrors(graph.problems)) return EXIT.usage;
  const inputs = inputValues({ inputs: request.inputs, file: request.inputFile }, graph.input_schema);
  const { id } = await client.startExecution({ graph_id: graph.id, graph_version: graph.version, inputs });
  const stopped = await watch(client, { id, graph, timeoutMs: request.timeoutMs }, io);
  const execution = await client.execution(id);
  report({ ...execution, outputs: await wholeOutputs(client, execution) }, request.json, io);
  if (stopped === "interrupted") return EXIT.interrupted;
  return execution.status === "COMPLETED" ? EXIT.ok : EXIT.failed;
}

/** Shows the run until it ends; on Ctrl-C or after the time limit it is cancelled, and shown until it has ended then. */
async function watch(
  client: WeftClient,
  run: { id: string; graph: StoredGraph; timeoutMs: number | undefined },
  io: CommandIo,
): Promise<"interrupted" | "timeout" | null> {
  const progress = createProgress(io, await nodeNames(run.graph.nodes, client));
  const timeout = run.timeoutMs === undefined ? undefined : AbortSignal.timeout(run.timeoutMs);
  const stop = AbortSignal.any([io.signal, ...(timeout === undefined ? [] : [timeout])]);
  const cancelled = abandonable(stop, () => client.cancel(run.id));
  try {
    for await (const event of client.follow(run.id)) progress.event(event);
  } finally {
    progress.end();
    await cancelled.settle();
  }
  if (io.signal.aborted) return "interrupted";
  if (timeout?.aborted !== true) return null;
  io.err(`The time limit of ${(run.timeoutMs ?? 0) / 1_000} s has passed: the run was cancelled.\n`);
  return "timeout";
}

/** A run's outputs, and what is to be said where it did not complete. */
export function report({ id, status, outputs, error, stats }: Execution, json: boolean, io: CommandIo): void {
  if (json) {
    io.out(`${JSON.stringify({ id, status, outputs, error, stats }, null, 2)}\n`);
    return;
  }
  for (const [name, values] of Object.entries(outputs)) {
    for (const value of values) io.out(`${name}: ${formatValue(value)}\n`);
  }
  if (status !== "COMPLETED") io.err(`${status}${error === null ? "" : `: ${error.message} (${error.code})`}\n`);
}
