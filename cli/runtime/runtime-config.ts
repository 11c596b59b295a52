import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_DIR } from "./project.ts";

/**
 * What the runtime process is to serve, as `build-runtime-config.ts` leaves it: workerd's own configuration (workerd.capnp) as JSON. What
 * differs from start to start is not in it: addresses, folders of data, variables.
 */
export interface RuntimeConfig {
  services: StoredService[];
  extensions: { modules: StoredModule[] }[];
  /** The Worker's service. */
  entry: string;
  /** What listens, and which service it leads to. */
  sockets: StoredSocket[];
  /** What processes that share the work serve in addition (`process-configs.ts`). */
  shared: SharedModules;
  /** Times at which the Worker's `scheduled` handler wants to be called. */
  crons: string[];
}

export interface SharedModules {
  /** The Worker's main module (`process-module.ts`). */
  process: StoredModule;
  /** That of the service that makes the ids of objects of other processes. */
  ids: StoredModule;
}

export interface StoredService {
  name: string;
  worker?: StoredWorker;
  disk?: { path: string; writable: boolean; allowDotfiles?: boolean };
  network?: Record<string, StoredValue>;
  /** A service of another process, at its socket. */
  external?: { address: string; http: { [option: string]: StoredValue } };
}

/** Without an address it is told at the start what it listens on. */
export interface StoredSocket {
  name: string;
  address?: string;
  service: ServiceDesignator;
}

/** How workerd's configuration points to a service. */
export interface ServiceDesignator {
  name: string;
  entrypoint?: string;
  props?: { [field: string]: StoredValue };
}

export interface StoredWorker {
  modules: StoredModule[];
  bindings: StoredBinding[];
  [field: string]: StoredValue | StoredModule[] | StoredBinding[];
}

export interface StoredBinding {
  name: string;
  [kind: string]: StoredValue;
}

/** `path` of its source, of the kind that `type` says. */
export interface StoredModule {
  name: string;
  type: "esModule" | "wasm" | "text" | "data" | "json";
  path: string;
}

/** `{ $void: true }` and `{ $bytes: base64 }` stand for what JSON has no word for. */
export type StoredValue = string | number | boolean | null | StoredValue[] | { [field: string]: StoredValue };

/** The socket at which people and programs are served. */
export const PUBLIC_SOCKET = "main";

/** Start of a path under the folder of the database, objects, and files. */
export const RESOURCES = "$resources/";

/** A Worker for which `writeRuntimeConfig` has written `folder`. */
export interface PreparedWorker {
  folder: string;
  modulesRoot: string;
}

/** Where the configuration of the built Worker lies. */
export const RUNTIME_DIR = join(BUILD_DIR, "runtime");

export function configPath(folder: string): string {
  return join(folder, "config.json");
}

export function readRuntimeConfig(folder: string): RuntimeConfig {
  return JSON.parse(readFileSync(configPath(folder), "utf8")) as RuntimeConfig;
}
