import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import type { Miniflare, MiniflareOptions } from "miniflare";
import { migrateDatabase, type MigratedDatabase } from "./runtime/migrate-database.ts";
import { BUILD_DIR } from "./runtime/project.ts";
import { type LogSink, workerLog } from "./runtime/worker-log.ts";
import { readWorkerOptions, type WorkerOptions } from "./runtime/worker-options.ts";
import { StartError } from "./runtime/start-error.ts";
import { onWorkerdStart } from "./runtime/workerd-guard.ts";

export interface RuntimeOptions {
  /** Objects, D1, R2 live in `<dataDir>/resources`. */
  dataDir: string;
  host: string;
  /** 0: any free port. */
  port: number;
  /** Variables of the Worker, over those of wrangler.toml. */
  vars: Record<string, string>;
  /** Told of each runtime process: the first, and those that replace a crashed one. */
  onProcess?: (pid: number) => void;
  /** Takes what the Worker logs. Default: standard error. */
  log?: LogSink;
  /** What to serve. Default: the built Worker. */
  worker?: WorkerOptions;
  /** Opens the runtime's inspector (Chrome DevTools protocol) on this port of 127.0.0.1. */
  inspectorPort?: number;
}

export interface EmbeddedRuntime {
  /** Where the Worker answers, without a slash at the end. */
  url: string;
  /** Opens POST /internal/bootstrap for the time of this runtime. */
  bootstrapToken: string;
  dispose(): Promise<void>;
}

const RESOURCES = "resources";

/**
 * Serves the built Worker with its database, objects, queues and files on workerd, without the development proxies: requests go
 * straight to the Worker's own socket. Miniflare's front door stays on a random loopback port; it answers for Miniflare itself.
 * Expects the build to be there and the caller to hold the lock of the data.
 * @throws StartError `port_taken`, `bad_host`, `migration_failed`
 */
export async function startRuntime(options: RuntimeOptions): Promise<EmbeddedRuntime> {
  await checkPort(options.host, options.port);
  enableCompileCache(join(BUILD_DIR, "cache"));
  const miniflare = await import("miniflare");
  const forget = onWorkerdStart((pid) => options.onProcess?.(pid));
  const resources = join(options.dataDir, RESOURCES);
  const bootstrapToken = randomBytes(24).toString("base64url");
  const worker = options.worker ?? readWorkerOptions();
  await migrateDatabase(resources, () => openDatabase(miniflare, worker, resources));

  const platform = create(
    miniflare,
    instanceOptions(miniflare, resources, {
      log: options.log,
      inspectorPort: options.inspectorPort,
      worker: {
        ...worker.options,
        bindings: { ...worker.options.bindings, ...options.vars, WEFT_BOOTSTRAP_TOKEN: bootstrapToken },
        modules: worker.modules,
        modulesRoot: worker.modulesRoot,
        unsafeDirectSockets: [{ host: options.host, port: options.port }],
      },
    }),
  );
  try {
    await platform.ready;
    const url = await platform.unsafeGetDirectURL(WORKER_NAME);
    return {
      url: visitUrl(url),
      bootstrapToken,
      dispose: async () => {
        await platform.dispose();
        forget();
      },
    };
  } catch (error) {
    await platform.dispose().catch(() => undefined);
    throw asStartError(error, options);
  }
}

/** The Worker's name in wrangler.toml, by which its service binding to itself finds it. */
const WORKER_NAME = "weft";

type MiniflareModule = typeof import("miniflare");

interface InstanceParts {
  worker: Record<string, unknown>;
  log?: LogSink | undefined;
  inspectorPort?: number | undefined;
}

function instanceOptions(
  { convertV4MiniflareOptions, Log, LogLevel }: MiniflareModule,
  resources: string,
  { worker, log, inspectorPort }: InstanceParts,
): MiniflareOptions {
  const sink = log ?? workerLog;
  const options = {
    host: "127.0.0.1",
    port: 0,
    // No look-up of where on earth this machine is, no reports to anybody, no registry of development servers.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN),
    handleStructuredLogs: (line: { level: string; message: string }) => sink(line.level, line.message),
    resourcePersistencePath: resources,
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
    workers: [{ name: WORKER_NAME, unsafeRegisterWorker: false, ...worker }],
  };
  // The worker's part is wrangler's own output, kept as JSON: its type is not written down here again.
  return convertV4MiniflareOptions(options as unknown as Parameters<typeof convertV4MiniflareOptions>[0]);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Miniflare ends the whole process on a signal, in the middle of whatever the caller does about it; the caller decides here. */
function create({ Miniflare }: MiniflareModule, options: MiniflareOptions): Miniflare {
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)));
  const instance = new Miniflare(options);
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) {
      if (before[index]?.has(listener) === false) process.removeListener(signal, listener);
    }
  }
  return instance;
}

/** The database alone, while nothing is served. */
async function openDatabase(miniflare: MiniflareModule, worker: WorkerOptions, resources: string) {
  const { compatibilityDate, d1Databases } = worker.options;
  const script = "export default { fetch: () => new Response(null, { status: 503 }) };";
  const instance = create(
    miniflare,
    instanceOptions(miniflare, resources, { worker: { compatibilityDate, d1Databases, modules: true, script } }),
  );
  const database: MigratedDatabase = await instance.getD1Database("DB");
  return { database, close: () => instance.dispose() };
}

/** workerd's own message for a port in use names no remedy, and comes late. */
async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((done, fail) => {
      probe.once("error", fail);
      probe.listen({ host: host.replace(/^\[(.*)\]$/, "$1"), port, exclusive: true }, done);
    });
  } catch (error) {
    throw asStartError(error, { host, port });
  }
  await new Promise((done) => probe.close(done));
}

function asStartError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE" || code === "ERR_ADDRESS_IN_USE") {
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

/** An address that stands for all interfaces is no address to visit. */
function visitUrl(url: URL): string {
  if (url.hostname === "0.0.0.0") url.hostname = "127.0.0.1";
  if (url.hostname === "[::]") url.hostname = "[::1]";
  return url.origin;
}
