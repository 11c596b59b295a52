import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { BUILD_DIR } from "./project.ts";

/**
 * The bindings, queues, objects and assets of the built Worker as Miniflare wants them. `npm run build` works them out of the
 * built wrangler.json and keeps them as JSON, because loading wrangler costs more than a second that a start does not have.
 */
const OPTIONS_FILE = join(BUILD_DIR, "runtime.json");
const SERVER_DIR = join(BUILD_DIR, "server");

const IO_QUEUE = "weft-work-io";
const IO_BATCH = 10;

export type ModuleType = "ESModule" | "CompiledWasm" | "Text" | "Data";

export interface WorkerOptions {
  /** `workerOptions` of wrangler's `unstable_getMiniflareWorkerOptions`. */
  options: Record<string, unknown> & { bindings: Record<string, unknown> };
  /** The entry module first. Paths are absolute; a module with `contents` exists in memory only, as if it lay there. */
  modules: WorkerModule[];
  modulesRoot: string;
  /** Times at which the `scheduled` handler wants to be called. */
  crons: string[];
}

export interface WorkerModule {
  type: ModuleType;
  path: string;
  contents?: string;
}

interface StoredOptions {
  main: string;
  crons: string[];
  options: Record<string, unknown> & {
    bindings?: Record<string, unknown>;
    assets?: { directory?: string };
    queueConsumers?: Record<string, { maxBatchSize?: number }>;
  };
}

/** Reads the built wrangler.json through wrangler and writes the outcome beside it, with paths relative to the build. */
export async function writeWorkerOptions(): Promise<void> {
  const { unstable_getMiniflareWorkerOptions: readOptions } = await import("wrangler");
  const configFile = join(SERVER_DIR, "wrangler.json");
  const { workerOptions, main } = readOptions(configFile);
  if (main === undefined) throw new Error("The built wrangler.json names no main module.");
  const { rootPath: _rootPath, modulesRules: _modulesRules, ...options } = workerOptions as StoredOptions["options"];
  const { assets } = options;
  if (assets?.directory !== undefined) assets.directory = fromBuild(assets.directory);
  enlargeBatches(options.queueConsumers);
  const { triggers } = JSON.parse(readFileSync(configFile, "utf8")) as { triggers?: { crons?: string[] } };
  const stored: StoredOptions = { main: fromBuild(main), crons: triggers?.crons ?? [], options };
  writeFileSync(OPTIONS_FILE, JSON.stringify(stored));
}

/** Here a batch of hints only hands work over (`WEFT_CONSUMER_MODE` is `detach`), and one at a time is delivered. */
function enlargeBatches(consumers: StoredOptions["options"]["queueConsumers"]): void {
  const consumer = consumers?.[IO_QUEUE];
  if (consumer === undefined) throw new Error(`wrangler.toml has no consumer of ${IO_QUEUE}.`);
  consumer.maxBatchSize = IO_BATCH;
}

export function readWorkerOptions(): WorkerOptions {
  const stored = JSON.parse(readFileSync(OPTIONS_FILE, "utf8")) as StoredOptions;
  const { assets, bindings, ...options } = stored.options;
  const directory = assets?.directory;
  const main = resolve(BUILD_DIR, stored.main);
  return {
    options: {
      ...options,
      bindings: bindings ?? {},
      ...(directory === undefined ? {} : { assets: { ...assets, directory: resolve(BUILD_DIR, directory) } }),
    },
    modules: [{ type: "ESModule", path: main }, ...otherModules(main)],
    modulesRoot: SERVER_DIR,
    crons: stored.crons,
  };
}

function otherModules(main: string): WorkerOptions["modules"] {
  const modules: WorkerOptions["modules"] = [];
  for (const entry of readdirSync(SERVER_DIR, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = entry.isFile() && path !== main ? moduleType(entry.name) : undefined;
    if (type !== undefined) modules.push({ type, path });
  }
  return modules;
}

function moduleType(name: string): ModuleType | undefined {
  if (/\.m?js$/.test(name)) return "ESModule";
  if (name.endsWith(".wasm")) return "CompiledWasm";
  if (/\.(txt|html|sql)$/.test(name)) return "Text";
  return name.endsWith(".bin") ? "Data" : undefined;
}

function fromBuild(path: string): string {
  return relative(BUILD_DIR, path).replaceAll("\\", "/");
}
