import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { startCronTriggers } from "./runtime/cron-triggers.ts";
import type { IdleMemoryPolicy } from "./runtime/idle-memory.ts";
import { type ListeningSocket, openListeningSockets } from "./runtime/listening-socket.ts";
import { migrateDatabase } from "./runtime/migrate-database.ts";
import { openDatabase } from "./runtime/open-database.ts";
import { BUILD_DIR } from "./runtime/project.ts";
import { type PreparedWorker, PUBLIC_SOCKET, readRuntimeConfig, RUNTIME_DIR } from "./runtime/runtime-config.ts";
import { prepareProcesses, type RuntimeProcesses } from "./runtime/runtime-processes.ts";
import { StartError } from "./runtime/start-error.ts";
import { watchIdleMemory } from "./runtime/watch-idle-memory.ts";
import { type LogSink, workerLog } from "./runtime/worker-log.ts";
import { startWorkerd, type Workerd, WorkerdError } from "./runtime/workerd-process.ts";

export interface RuntimeOptions {
  /** Objects, D1, R2 live in `<dataDir>/resources`. */
  dataDir: string;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Variables of the Worker, over those of wrangler.toml. */
  vars: Record<string, string>;
  /** How many processes share the work (`process-configs.ts`). Default: 1. */
  processes?: number;
  /** Told of the runtime's processes, the one with the database first: the first ones, and those that replace them after a crash. */
  onProcesses?: (pids: number[]) => void;
  /** Takes what the Worker logs. Default: standard error. */
  log?: LogSink;
  /** What to serve. Default: the built Worker. */
  worker?: PreparedWorker;
  /** Opens the runtime's inspector (Chrome DevTools protocol) on this port of 127.0.0.1. */
  inspectorPort?: number;
  /** When an idle process makes room for a fresh one. Null, the default: never. */
  idleMemory?: IdleMemoryPolicy | null;
}

export interface EmbeddedRuntime {
  /** Where the Worker answers, without a slash at the end. */
  url: string;
  /** Opens POST /internal/bootstrap for the time of this runtime. */
  bootstrapToken: string;
  dispose(): Promise<void>;
}

const RESOURCES = "resources";
const BOOTSTRAP_TOKEN = "WEFT_BOOTSTRAP_TOKEN";

/**
 * Serves the built Worker with its database, objects, queues and files on workerd. This process only watches over that one: it starts it again
 * after a crash, or to let go of memory, and keeps the port open meanwhile. Expects the build to be there and the caller to hold the lock of the data.
 * @throws StartError `port_taken`, `bad_host`, `migration_failed`
 */
export async function startRuntime(options: RuntimeOptions): Promise<EmbeddedRuntime> {
  const resources = join(options.dataDir, RESOURCES);
  const log = options.log ?? workerLog;
  const { folder, modulesRoot } = options.worker ?? BUILT_WORKER;
  const config = readRuntimeConfig(folder);
  const importPaths = [folder, modulesRoot];
  const [opened, migrated] = await Promise.allSettled([
    openSockets(options),
    migrateDatabase(resources, () => openDatabase({ config, resources, importPaths, log })),
  ]);
  const listening = opened.status === "fulfilled" ? opened.value : null;
  for (const one of [opened, migrated]) {
    if (one.status === "fulfilled") continue;
    closeAll(listening);
    throw one.reason;
  }

  try {
    return await serve(options, { config, resources, importPaths, log, listening });
  } catch (error) {
    closeAll(listening);
    throw error;
  }
}

interface Serving {
  config: ReturnType<typeof readRuntimeConfig>;
  resources: string;
  importPaths: string[];
  log: LogSink;
  /** What listens already; null where the runtime must open the port itself. */
  listening: ListeningSocket[] | null;
}

function closeAll(sockets: ListeningSocket[] | null): void {
  for (const socket of sockets ?? []) socket.close();
}

async function serve(
  options: RuntimeOptions,
  { config, resources, importPaths, log, listening }: Serving,
): Promise<EmbeddedRuntime> {
  const bootstrapToken = randomBytes(24).toString("base64url");
  const env = { ...options.vars, [BOOTSTRAP_TOKEN]: bootstrapToken };
  const { dataDir, host, port, inspectorPort } = options;
  const prepared = prepareProcesses({
    config,
    dataDir,
    count: options.processes ?? 1,
    listen: listening ?? [`${urlHost(host)}:${port}`],
    inspectorPort,
    serve: { resources, variables: Object.keys(env), importPaths, v8Flags: v8Flags() },
  });
  const workerd = await start(options, { prepared, importPaths, env, log });
  const url = visitUrl(host, workerd.ports.get(PUBLIC_SOCKET) ?? port);
  const triggers = startCronTriggers({ url, bootstrapToken, crons: config.crons, log });
  const watch = options.idleMemory ? watchIdleMemory(workerd, options.idleMemory, log) : null;
  return {
    url,
    bootstrapToken,
    dispose: async () => {
      watch?.stop();
      triggers.stop();
      await workerd.stop();
      prepared.clear();
      closeAll(listening);
    },
  };
}

const BUILT_WORKER: PreparedWorker = { folder: RUNTIME_DIR, modulesRoot: join(BUILD_DIR, "server") };

interface StartParts {
  prepared: RuntimeProcesses;
  importPaths: string[];
  env: Record<string, string>;
  log: LogSink;
}

/** Before workerd tries: its own message for a port in use names no remedy, and comes late. */
async function openSockets({ host, port, processes }: RuntimeOptions): Promise<ListeningSocket[] | null> {
  try {
    return await openListeningSockets(host.replace(/^\[(.*)\]$/, "$1"), port, processes);
  } catch (error) {
    throw asStartError(error, { host, port });
  }
}

async function start(
  { host, port, onProcesses }: RuntimeOptions,
  { prepared, ...parts }: StartParts,
): Promise<Workerd> {
  const { processes, beforeStart, clear } = prepared;
  try {
    return await startWorkerd({ ...parts, processes, beforeStart, onProcesses });
  } catch (error) {
    clear();
    throw asStartError(error, { host, port });
  }
}

/**
 * V8 collects the later the more room it has given itself, and knows little of the native memory that unreachable values hold (requests, answers, stubs of objects,
 * cursors): without these the process grows for an hour under a load that needs a fifth of that, and the isolates of database and queues, small as they are, collect for the first time at 33 MB. A full collection then comes every thousand runs or so
 * (docs/performance.md, "Where the memory is").
 */
const V8_FLAGS = ["--initial-old-space-size=4", "--heap-growing-percent=40", "--max-semi-space-size=8"];

/** With those of WEFT_V8_FLAGS, for measurements, like `--perf-basic-prof`; the last word on a flag holds. */
function v8Flags(): string[] {
  const more = (process.env["WEFT_V8_FLAGS"] ?? "").split(" ").filter((flag) => flag !== "");
  return [...V8_FLAGS, ...more];
}

function asStartError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const taken = error instanceof WorkerdError && /address already in use/i.test(error.output);
  if (code === "EADDRINUSE" || taken) {
    return new StartError(
      "port_taken",
      `Port ${port} on ${host} is in use. Stop the other program or set PORT to another number.`,
    );
  }
  if (code === "EACCES") {
    return new StartError(
      "port_forbidden",
      `Port ${port} may not be opened by this user. Set PORT to a number above 1023.`,
    );
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new StartError("bad_host", `HOST is "${host}", which is no address of this machine.`);
  }
  return error;
}

function urlHost(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** An address that stands for all interfaces is no address to visit. */
function visitUrl(host: string, port: number): string {
  const url = new URL(`http://${urlHost(host)}:${port}`);
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  return url.origin;
}
