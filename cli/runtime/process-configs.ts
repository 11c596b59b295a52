import { DOORS_BINDING, OBJECTS, PLACE_BINDING, type ProcessPlace, shardNames } from "./process-module.ts";
import { reachable } from "./reachable-services.ts";
import type {
  RuntimeConfig,
  ServiceDesignator,
  StoredBinding,
  StoredService,
  StoredSocket,
  StoredValue,
  StoredWorker,
} from "./runtime-config.ts";

export interface SharedWork {
  /** Where each process lets the others in; as many as there are processes. */
  doors: string[];
  /** How many shards of runs there are, at least as many as processes. */
  shards: number;
  /** Where a service of the first process listens for the others. */
  address(binding: string): string;
}

/** The service that makes ids of objects that other processes keep. */
const ID_SERVICE = "weft:ids";

/** Namespaces of shards have keys of their own, which are names of folders. */
const KEY_SEPARATOR = "-";

/**
 * The configuration of each of several processes that share the work of one: every process answers requests, runs blocks and keeps the objects of its shards of runs. The first also keeps
 * what there is once: database, files, queues, workspaces.
 */
export function processConfigs(config: RuntimeConfig, work: SharedWork): RuntimeConfig[] {
  const ways = new Map<string, StoredSocket>();
  const remoteBindings = entryOf(config).bindings.map((binding) => remoteBinding(binding, config, { work, ways }));
  return work.doors.map((_, index) => {
    const first = index === 0;
    const bindings = first ? entryOf(config).bindings : remoteBindings;
    const worker = sharing(entryOf(config), { ...work, config, index, bindings });
    const services = config.services.map((service) =>
      service.name === config.entry ? { ...service, worker } : service,
    );
    const all = first ? services : [...services, ...[...ways.values()].map(external)];
    const networks = all.filter(({ network }) => network !== undefined).map(({ name }) => name);
    return {
      ...config,
      services: reachable([...all, idService(config, index, work)], [config.entry, ...networks]),
      sockets: first ? [...config.sockets, ...ways.values()] : config.sockets,
    };
  });
}

function entryOf(config: RuntimeConfig): StoredWorker {
  const worker = config.services.find(({ name }) => name === config.entry)?.worker;
  if (worker === undefined) throw new Error(`${config.entry} is no Worker.`);
  return worker;
}

interface Namespace {
  className: string;
  binding: string;
  uniqueKey: string;
  /** The process that keeps its objects. */
  home: number;
}

function keyOf(config: RuntimeConfig, className: string): string {
  const declared = entryOf(config)["durableObjectNamespaces"] as { className: string; uniqueKey: string }[];
  const found = declared.find((one) => one.className === className);
  if (found === undefined) throw new Error(`${config.entry} has no objects ${className}.`);
  return found.uniqueKey;
}

function namespaces(config: RuntimeConfig, { doors, shards }: SharedWork): Namespace[] {
  const { executions, workspaces } = OBJECTS;
  const key = keyOf(config, executions.className);
  const ofRuns = Array.from({ length: shards }, (_, shard) => ({
    ...shardNames(executions, shard),
    uniqueKey: shard === 0 ? key : `${key}${KEY_SEPARATOR}${shard}`,
    home: shard % doors.length,
  }));
  return [...ofRuns, { ...workspaces, uniqueKey: keyOf(config, workspaces.className), home: 0 }];
}

/** How many shards a folder of objects has, by the names of what is in it. */
export function shardsIn(config: RuntimeConfig, folders: string[]): number {
  const prefix = `${keyOf(config, OBJECTS.executions.className)}${KEY_SEPARATOR}`;
  const numbers = folders.filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)));
  return Math.max(0, ...numbers.filter(Number.isInteger)) + 1;
}

interface SharingParts extends SharedWork {
  config: RuntimeConfig;
  index: number;
  bindings: StoredBinding[];
}

function sharing(entry: StoredWorker, { config, index, bindings, ...work }: SharingParts): StoredWorker {
  const all = namespaces(config, work);
  const place: ProcessPlace = { index, doors: work.doors, shards: work.shards };
  const objects = new Set(all.map(({ binding }) => binding));
  return {
    ...entry,
    modules: [config.shared.process, ...entry.modules],
    durableObjectNamespaces: all.filter(({ home }) => home === index).map(namespaceStruct),
    bindings: [
      ...bindings.filter(({ name }) => !objects.has(name)),
      ...all.map(({ binding, className, home }) => ({
        name: binding,
        durableObjectNamespace: { className, serviceName: home === index ? config.entry : ID_SERVICE },
      })),
      { name: DOORS_BINDING, workerdDebugPort: { $void: true } },
      { name: PLACE_BINDING, json: JSON.stringify(place) },
      { name: "WEFT_SHARD", text: String(index) },
    ],
  };
}

function namespaceStruct({ className, uniqueKey }: Namespace): { [field: string]: StoredValue } {
  return { className, uniqueKey, enableSql: true };
}

function idService(config: RuntimeConfig, index: number, work: SharedWork): StoredService {
  const { compatibilityDate = "2026-10-01" } = entryOf(config);
  return {
    name: ID_SERVICE,
    worker: {
      compatibilityDate,
      modules: [config.shared.ids],
      bindings: [],
      durableObjectNamespaces: namespaces(config, work)
        .filter(({ home }) => home !== index)
        .map(namespaceStruct),
      durableObjectStorage: { inMemory: { $void: true } },
    },
  };
}

interface RemoteParts {
  work: SharedWork;
  /** Sockets of the first process that bindings have asked for so far, by what they lead to. */
  ways: Map<string, StoredSocket>;
}

/** The binding with each service in it that keeps something replaced by the way to that of the first process. */
function remoteBinding(binding: StoredBinding, config: RuntimeConfig, { work, ways }: RemoteParts): StoredBinding {
  const replaced = (value: StoredValue): StoredValue => {
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== "object" || value === null) return value;
    if (keepsSomething(value, config)) {
      const key = JSON.stringify(value);
      const way = ways.get(key) ?? {
        name: `first-${binding.name}`,
        address: work.address(binding.name),
        service: value,
      };
      ways.set(key, way);
      return { name: way.name };
    }
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, replaced(inner)]));
  };
  const { name, ...kind } = binding;
  return { name, ...(replaced(kind) as Record<string, StoredValue>) };
}

/** Whether a part of a binding points to a service that leads to storage. The Worker itself does too, and is in every process. */
function keepsSomething(
  value: { [field: string]: StoredValue },
  config: RuntimeConfig,
): value is typeof value & ServiceDesignator {
  const { name } = value;
  if (typeof name !== "string" || name === config.entry) return false;
  if (!config.services.some((service) => service.name === name)) return false;
  return reachable(config.services, [name]).some(
    ({ worker, disk }) => disk?.writable === true || worker?.["durableObjectNamespaces"] !== undefined,
  );
}

function external({ name, address = "" }: StoredSocket): StoredService {
  return { name, external: { address, http: {} } };
}
