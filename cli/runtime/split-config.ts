import { FILES_BINDING } from "./entry-module.ts";
import { STATE_ADDRESS, STATE_BINDING } from "./front-module.ts";
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
import { FRONT_ADDRESSES, FRONT_BINDING } from "./state-module.ts";

export interface SplitConfig {
  /** Objects, database, queues and files. */
  state: RuntimeConfig;
  /** What answers people and programs and runs blocks. Any number of processes may serve it. */
  front: RuntimeConfig;
}

export interface SplitAddresses {
  /** Where the state process lets the fronts in. */
  state: string;
  /** Where each front lets the state process in. */
  fronts: string[];
  /** Where a service of the state process listens for the fronts. */
  service(name: string): string;
}

const DEBUG_PORT: Record<string, StoredValue> = { workerdDebugPort: { $void: true } };

/**
 * Divides a runtime into a process that keeps state and others that do the work, as Cloudflare runs Durable Objects and Workers on machines of their own. Services that keep something stay
 * behind sockets of the state process; files of the pages, which only requests want, go to the fronts.
 */
export function splitConfig(config: RuntimeConfig, addresses: SplitAddresses): SplitConfig {
  const entry = workerOf(config);
  const kept = new Map<string, StoredSocket>();
  const bindings = entry.bindings.map((binding) => frontBinding(binding, config, { addresses, kept }));
  const sockets = [...kept.values()];
  return {
    state: {
      ...withEntry(config, {
        ...entry,
        modules: [config.stateModule, ...entry.modules],
        bindings: [
          ...entry.bindings.filter(({ name }) => name !== FILES_BINDING),
          { name: FRONT_BINDING, ...DEBUG_PORT },
          { name: FRONT_ADDRESSES, json: JSON.stringify(addresses.fronts) },
        ],
      }),
      sockets,
    },
    front: withEntry(
      { ...config, services: [...config.services, ...sockets.map(external)] },
      {
        ...entry,
        modules: [config.frontModule, ...entry.modules],
        // Its namespaces make ids and nothing else.
        durableObjectStorage: { inMemory: { $void: true } },
        bindings: [...bindings, { name: STATE_BINDING, ...DEBUG_PORT }, { name: STATE_ADDRESS, text: addresses.state }],
      },
    ),
  };
}

function workerOf(config: RuntimeConfig): StoredWorker {
  const worker = config.services.find(({ name }) => name === config.entry)?.worker;
  if (worker === undefined) throw new Error(`${config.entry} is no Worker.`);
  return worker;
}

function withEntry(config: RuntimeConfig, worker: StoredWorker): RuntimeConfig {
  const services = config.services.map((service) => (service.name === config.entry ? { ...service, worker } : service));
  const networks = services.filter(({ network }) => network !== undefined).map(({ name }) => name);
  return { ...config, services: reachable(services, [config.entry, ...networks]) };
}

interface FrontParts {
  addresses: SplitAddresses;
  /** Sockets of the state process that bindings have asked for so far, by what they lead to. */
  kept: Map<string, StoredSocket>;
}

/** The binding as it is, with each service in it that keeps something replaced by the way to it. */
function frontBinding(binding: StoredBinding, config: RuntimeConfig, { addresses, kept }: FrontParts): StoredBinding {
  const replaced = (value: StoredValue): StoredValue => {
    if (Array.isArray(value)) return value.map(replaced);
    if (typeof value !== "object" || value === null) return value;
    if (isKept(value, config)) {
      const key = JSON.stringify(value);
      const name = `state-${binding.name}`;
      if (!kept.has(key)) kept.set(key, { name, address: addresses.service(binding.name), service: value });
      return { name: kept.get(key)?.name ?? name };
    }
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, replaced(inner)]));
  };
  const { name, ...kind } = binding;
  return { name, ...(replaced(kind) as Record<string, StoredValue>) };
}

/** Whether a part of a binding points to a service that leads to storage. The Worker itself does too, and is in every process. */
function isKept(
  value: { [field: string]: StoredValue },
  config: RuntimeConfig,
): value is typeof value & ServiceDesignator {
  const { name } = value;
  if (typeof name !== "string" || name === config.entry) return false;
  if (!config.services.some((service) => service.name === name)) return false;
  return reachable(config.services, [name]).some(keepsSomething);
}

function keepsSomething({ worker, disk }: StoredService): boolean {
  return disk?.writable === true || worker?.["durableObjectNamespaces"] !== undefined;
}

function external({ name, address = "" }: StoredSocket): StoredService {
  return { name, external: { address, http: {} } };
}
