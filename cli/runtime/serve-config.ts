import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { rootCertificates } from "node:tls";
import { capnpText, type CapnpStruct, type CapnpValue, Embed, VOID } from "./capnp-text.ts";
import {
  RESOURCES,
  type RuntimeConfig,
  type StoredBinding,
  type StoredModule,
  type StoredService,
  type StoredValue,
} from "./runtime-config.ts";

export interface ServeOptions {
  config: RuntimeConfig;
  /** The folder of the database, objects, and files. */
  resources: string;
  /** Names of variables that the Worker gets from the process's environment. Nothing secret is in the configuration. */
  variables: string[];
  /** Folders that hold all modules. */
  importPaths: string[];
  v8Flags: string[];
}

/** Writes what workerd is to serve to `file`, and makes the folders that it needs. */
export function writeServeConfig(file: string, options: ServeOptions): void {
  const { config, v8Flags } = options;
  for (const { disk } of config.services) {
    if (disk?.writable === true) mkdirSync(diskPath(disk.path, options.resources), { recursive: true });
  }
  const root: CapnpStruct = {
    services: config.services.map((service) => serviceStruct(service, options)),
    extensions: config.extensions.map(({ modules }) => ({
      modules: modules.map((module) => moduleStruct(module, options.importPaths)),
    })),
    sockets: config.sockets.map(({ name, address, service }) => ({
      name,
      address,
      http: {},
      service: struct({ ...service }),
    })),
    v8Flags,
    structuredLogging: true,
  };
  mkdirSync(dirname(file), { recursive: true });
  const head = '@0xd1f3a8c05b7e9246;\nusing Workerd = import "/workerd/workerd.capnp";\n';
  writeFileSync(file, `${head}const config :Workerd.Config = ${capnpText(root)};\n`, { mode: 0o600 });
}

function serviceStruct(service: StoredService, options: ServeOptions): CapnpStruct {
  const { name, disk, worker, network, external } = service;
  if (disk !== undefined) return { name, disk: { ...disk, path: diskPath(disk.path, options.resources) } };
  if (network !== undefined) return { name, network: { ...struct(network), tlsOptions: tlsOptions() } };
  if (external !== undefined) return { name, external: struct({ ...external }) };
  if (worker === undefined) throw new Error(`The runtime's service ${name} is of no known kind.`);
  const { modules, bindings, ...fields } = worker;
  const isEntry = name === options.config.entry;
  return {
    name,
    worker: {
      ...struct(fields as Record<string, StoredValue>),
      modules: modules.map((module) => moduleStruct(module, options.importPaths)),
      bindings: (isEntry ? withVariables(bindings, options.variables) : bindings).map((binding) => struct(binding)),
    },
  };
}

/** The environment's variables over those of wrangler.toml. */
function withVariables(bindings: StoredBinding[], variables: string[]): StoredBinding[] {
  const given = new Set(variables);
  return [
    ...bindings.filter(({ name }) => !given.has(name)),
    ...variables.map((name) => ({ name, fromEnvironment: name })),
  ];
}

function moduleStruct({ name, type, path }: StoredModule, importPaths: string[]): CapnpStruct {
  const folder = importPaths.find((one) => !relative(one, path).startsWith(".."));
  if (folder === undefined) throw new Error(`The module ${path} is in none of the folders of the runtime.`);
  return { name, [type]: new Embed(`/${relative(folder, path).replaceAll("\\", "/")}`) };
}

/** Certificates that this machine trusts beyond those that browsers do, by the variable that Node reads too. */
function tlsOptions(): CapnpStruct {
  const more: string[] = process.platform === "win32" ? [...rootCertificates] : [];
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  if (extra !== undefined && extra !== "") more.push(...certificatesOf(extra));
  return { trustBrowserCas: true, trustedCertificates: more };
}

function certificatesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  } catch {
    // Node warns about it itself.
    return [];
  }
}

function diskPath(path: string, resources: string): string {
  return path.startsWith(RESOURCES) ? join(resources, path.slice(RESOURCES.length)) : path;
}

function struct(value: Record<string, StoredValue>): CapnpStruct {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, capnpValue(field)]));
}

function capnpValue(value: StoredValue): CapnpValue {
  if (Array.isArray(value)) return value.map(capnpValue);
  if (value === null) throw new Error("The runtime's configuration has no null.");
  if (typeof value !== "object") return value;
  if (value["$void"] === true) return VOID;
  if (typeof value["$bytes"] === "string") return new Uint8Array(Buffer.from(value["$bytes"], "base64"));
  return struct(value);
}
