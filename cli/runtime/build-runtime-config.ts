import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { Miniflare } from "miniflare";
import { MAX_SHARDS } from "#graph/run/shard.ts";
import { cronMatches } from "./cron.ts";
import { entryModule, FILES_BINDING } from "./entry-module.ts";
import {
  configPath,
  PUBLIC_SOCKET,
  type PreparedWorker,
  RESOURCES,
  type RuntimeConfig,
  type StoredBinding,
  type StoredModule,
  type StoredService,
  type StoredValue,
  type StoredWorker,
} from "./runtime-config.ts";
import { idModule, objectClasses, OBJECTS, processModule } from "./process-module.ts";
import { reachable } from "./reachable-services.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** The Worker's name in wrangler.toml, by which its service binding to itself finds it. */
const WORKER_NAME = "weft";

/** Names that Miniflare gives to the services that this file changes. A version that names them otherwise makes the build fail. */
const USER_SERVICE = `core:user:${WORKER_NAME}`;
const FILES_SERVICE = `assets:assets-service:${WORKER_NAME}`;
const FILES_LIST = { service: `assets:kv:${WORKER_NAME}`, binding: "ASSETS_REVERSE_MAP" };
const LOOPBACK_SERVICE = "loopback";
const INTERNET_SERVICE = "internet";

const ENTRY_MODULE = "embedded-entry.js";

/** Miniflare's extensions that its services import; the others are for products that this Worker does not use. */
const SHARED_EXTENSION = /^miniflare:/;

/** What Miniflare wrote down: workerd's configuration, in which JSON has lost the values without content. */
interface WrittenConfig {
  services: WrittenService[];
  extensions: { modules: WrittenModule[] }[];
}
type WrittenService = Omit<StoredService, "worker"> & { worker?: WrittenWorker };
interface WrittenWorker {
  modules: WrittenModule[];
  bindings?: StoredBinding[];
  [field: string]: WrittenModule[] | StoredBinding[] | StoredValue | undefined;
}
type WrittenModule = Record<string, string> & { name: string };

/**
 * Asks Miniflare once for the services that stand behind the Worker's bindings (database, queue broker, files) and keeps them in `folder`, so that
 * a start needs neither Miniflare nor the memory that it takes. Changed on the way:
 *
 * - Sockets lead to the Worker itself (`entry-module.ts`), not through the simulator's router.
 * - What the simulator's services tell the process that started them (one HTTP request for each batch of a queue) goes to the log.
 * - Services that the Worker cannot reach are left out; each would be an isolate of its own.
 *
 * @throws RangeError for a cron expression that the starter could not follow
 */
export async function writeRuntimeConfig(worker: WorkerOptions, folder: string): Promise<PreparedWorker> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const cron of worker.crons) cronMatches(cron, new Date());
  const { config, resources } = await askMiniflare(worker);
  const modules = new ModuleFiles(folder, worker);
  const services = config.services.map((service) => (service.name === LOOPBACK_SERVICE ? logService() : service));
  const user = find(services, USER_SERVICE).worker;
  if (user === undefined) throw new Error(`${USER_SERVICE} is no Worker.`);
  becomeEntry(user, filesOf(services));
  const stored: RuntimeConfig = {
    services: reachable(services, [USER_SERVICE, INTERNET_SERVICE]).map((service) =>
      storedService(service, { modules, resources }),
    ),
    extensions: config.extensions
      .filter((extension) => extension.modules.every(({ name }) => SHARED_EXTENSION.test(name)))
      .map((extension) => ({ modules: extension.modules.map((module) => modules.store("extensions", module)) })),
    entry: USER_SERVICE,
    sockets: [{ name: PUBLIC_SOCKET, service: { name: USER_SERVICE } }],
    shared: {
      process: modules.store("shared", {
        name: "process-entry.js",
        esModule: processModule({ ...OBJECTS, main: ENTRY_MODULE, service: USER_SERVICE, maxShards: MAX_SHARDS }),
      }),
      ids: modules.store("shared", { name: "ids.js", esModule: idModule(objectClasses(OBJECTS, MAX_SHARDS)) }),
    },
    crons: worker.crons,
  };
  writeFileSync(configPath(folder), JSON.stringify(stored));
  return { folder, modulesRoot: worker.modulesRoot };
}

/** Runs the Worker under Miniflare for a moment, on data that is thrown away. That it starts at all is worth knowing at a build. */
async function askMiniflare({ options, modules, modulesRoot }: WorkerOptions) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "weft-config-")));
  const written = join(folder, "config.json");
  const resources = join(folder, "resources");
  const { convertV4MiniflareOptions, Log, LogLevel, Miniflare: Simulator } = await import("miniflare");
  process.env["MINIFLARE_WORKERD_CONFIG_DEBUG"] = written;
  let miniflare: Miniflare | undefined;
  try {
    const all = {
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.WARN),
      resourcePersistencePath: resources,
      workers: [{ name: WORKER_NAME, unsafeRegisterWorker: false, ...options, modules, modulesRoot }],
    };
    // The worker's part is wrangler's own output, kept as JSON: its type is not written down here again.
    miniflare = new Simulator(
      convertV4MiniflareOptions(all as unknown as Parameters<typeof convertV4MiniflareOptions>[0]),
    );
    await miniflare.ready;
    return { config: JSON.parse(readFileSync(written, "utf8")) as WrittenConfig, resources };
  } finally {
    delete process.env["MINIFLARE_WORKERD_CONFIG_DEBUG"];
    await miniflare?.dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

interface StoreParts {
  modules: ModuleFiles;
  resources: string;
}

function storedService({ worker, ...service }: WrittenService, parts: StoreParts): StoredService {
  const { disk, network } = service;
  if (network !== undefined) return { ...service, network: { ...network, tlsOptions: {} } };
  if (disk !== undefined) return { ...service, disk: storedDisk(disk, parts.resources) };
  if (worker === undefined) return service;
  // The containers' engine is for another product.
  const { modules, containerEngine: _containerEngine, ...rest } = worker;
  const fields = storedValue(rest as Record<string, StoredValue>) as Record<string, StoredValue>;
  return {
    ...service,
    worker: {
      ...fields,
      bindings: (fields["bindings"] ?? []) as StoredWorker["bindings"],
      modules: modules.map((module) => parts.modules.store(service.name, module)),
    },
  };
}

function storedDisk(disk: NonNullable<StoredService["disk"]>, resources: string): StoredService["disk"] {
  return disk.path.startsWith(resources)
    ? { ...disk, path: `${RESOURCES}${relative(resources, disk.path).replaceAll("\\", "/")}` }
    : { ...disk, writable: false };
}

/** Puts back what JSON has lost: a choice without a value is an empty object, bytes are a `Buffer` or an object of numbers. */
function storedValue(value: StoredValue): StoredValue {
  if (Array.isArray(value)) return value.map(storedValue);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, field]) => {
      if (name === "durableObjectStorage" && isEmpty(field)) return [name, { inMemory: { $void: true } }];
      if (name === "data") return [name, { $bytes: bytesOf(field).toString("base64") }];
      return [name, storedValue(field)];
    }),
  );
}

function isEmpty(value: StoredValue): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function bytesOf(value: StoredValue): Buffer {
  if (typeof value !== "object" || value === null)
    throw new Error("Bytes were expected in the runtime's configuration.");
  const { data } = value as { data?: StoredValue };
  return Buffer.from((Array.isArray(data) ? data : Object.values(value)) as number[]);
}

/** The names of the files that are served beside the Worker, as they stand in addresses. */
function filesOf(services: WrittenService[]): string[] {
  const { worker } = find(services, FILES_LIST.service);
  const list = worker?.bindings?.find(({ name }) => name === FILES_LIST.binding)?.["json"];
  if (typeof list !== "string") throw new Error(`${FILES_LIST.service} has no ${FILES_LIST.binding}.`);
  return Object.values(JSON.parse(list) as Record<string, { filePath: string }>).map(({ filePath }) => {
    const path = filePath.replaceAll("\\", "/");
    return new URL(path.startsWith("/") ? path : `/${path}`, "http://files").pathname;
  });
}

function becomeEntry(worker: WrittenWorker, files: string[]): void {
  const [main] = worker.modules;
  if (main === undefined) throw new Error("The Worker has no main module.");
  worker.modules.unshift({ name: ENTRY_MODULE, esModule: entryModule(main.name, files) });
  worker.bindings = [...(worker.bindings ?? []), { name: FILES_BINDING, service: { name: FILES_SERVICE } }];
  // Miniflare's own way out only sets headers that say "a Worker of weft.example.com"; its cache is not used.
  worker["globalOutbound"] = { name: INTERNET_SERVICE };
  delete worker["cacheApiOutbound"];
}

/** Stands for the process that started the simulator: takes its log lines from level 2 (warnings) up, and its errors. */
function logService(): WrittenService {
  const source = `export default {
  async fetch(request) {
    const text = await request.text();
    const level = Number(request.headers.get("MF-Log-Level") ?? "1");
    if (level === 1) console.error(text);
    if (level === 2) console.warn(text);
    return request.url.endsWith("/core/error") ? new Response(text, { status: 500 }) : new Response(null, { status: 204 });
  },
};
`;
  return {
    name: LOOPBACK_SERVICE,
    worker: {
      modules: [{ name: "log.js", esModule: source }],
      bindings: [],
      compatibilityDate: "2026-10-01",
    },
  };
}

function find(services: WrittenService[], name: string): WrittenService {
  const service = services.find((one) => one.name === name);
  if (service === undefined) {
    throw new Error(`Miniflare has no service ${name}; there are ${services.map((one) => one.name).join(", ")}.`);
  }
  return service;
}

const MODULE_TYPES = ["esModule", "wasm", "text", "data", "json"] as const;

/** Where the sources of modules lie: those of the built Worker where they are, the simulator's own in files of their own. */
class ModuleFiles {
  readonly #folder: string;
  readonly #built: Map<string, string>;
  #next = 0;

  constructor(folder: string, worker: WorkerOptions) {
    this.#folder = folder;
    const files = worker.modules.filter(({ contents }) => contents === undefined);
    this.#built = new Map(files.map(({ path }) => [relative(worker.modulesRoot, path).replaceAll("\\", "/"), path]));
  }

  store(service: string, module: WrittenModule): StoredModule {
    const { name } = module;
    const type = MODULE_TYPES.find((one) => module[one] !== undefined);
    if (type === undefined) throw new Error(`The module ${name} of ${service} is of no known kind.`);
    const built = service === USER_SERVICE ? this.#built.get(name) : undefined;
    return { name, type, path: built ?? this.#write(name, module[type] ?? "", type) };
  }

  #write(name: string, source: unknown, type: StoredModule["type"]): string {
    this.#next += 1;
    const path = join(this.#folder, "modules", `${this.#next}-${name.replaceAll(/[^\w.-]/g, "_")}`);
    mkdirSync(dirname(path), { recursive: true });
    const binary = type === "wasm" || type === "data";
    writeFileSync(path, binary ? bytesOf(source as StoredValue) : String(source));
    return path;
  }
}
