import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ListeningSocket } from "./listening-socket.ts";
import { processConfigs, shardsIn } from "./process-configs.ts";
import { PUBLIC_SOCKET, type RuntimeConfig } from "./runtime-config.ts";
import { type ServeOptions, writeServeConfig } from "./serve-config.ts";
import type { WorkerdProcess } from "./workerd-process.ts";

export interface ProcessesOptions {
  config: RuntimeConfig;
  /** Where configuration files and the sockets between processes are put. */
  dataDir: string;
  /** How many. */
  count: number;
  /** Where people and programs are served: a socket for each process, or one for all. */
  listen: (ListeningSocket | string)[];
  inspectorPort?: number | undefined;
  serve: Omit<ServeOptions, "config">;
}

/** What `startWorkerd` is to start, and what is to be done around it. */
export interface RuntimeProcesses {
  processes: WorkerdProcess[];
  /** Done before each start of the processes. */
  beforeStart?: (this: void) => void;
  /** Done when they will not be started again. */
  clear: (this: void) => void;
}

/** Where namespaces of objects have their folders, in that of the resources. */
const OBJECTS_FOLDER = "do";

/** The longest path of a socket on all systems that have such sockets, less what names of sockets need. */
const LONGEST_FOLDER = 80;

/** Writes the configurations of the runtime's processes. */
export function prepareProcesses({
  config,
  dataDir,
  count,
  listen,
  inspectorPort,
  serve,
}: ProcessesOptions): RuntimeProcesses {
  const write = (name: string, one: RuntimeConfig): string => {
    const file = join(dataDir, name);
    writeServeConfig(file, { ...serve, config: one });
    return file;
  };
  const publicSocket = (index: number): WorkerdProcess["sockets"] => {
    const socket = listen[index] ?? listen[0];
    return socket === undefined ? {} : { [PUBLIC_SOCKET]: socket };
  };
  const known = knownShards(config, serve.resources);
  if (count === 1 && known === 1) {
    const whole = { configFile: write("runtime.capnp", config), sockets: publicSocket(0), inspectorPort };
    return { processes: [whole], clear: () => {} };
  }
  const folder = socketFolder(dataDir);
  const doors = Array.from({ length: count }, (_, index) => `unix:${join(folder, `door-${index}`)}`);
  const configs = processConfigs(config, {
    doors,
    shards: Math.max(count, known),
    address: (binding) => `unix:${join(folder, binding)}`,
  });
  return {
    processes: configs.map((one, index) => ({
      configFile: write(`runtime-${index}.capnp`, one),
      sockets: publicSocket(index),
      ...(count > 1 ? { door: doors[index] ?? "" } : {}),
      // One port is one process's.
      inspectorPort: index === 0 ? inspectorPort : undefined,
    })),
    // A socket outlives the process that listened on it, and then cannot be opened again.
    beforeStart: () => empty(folder),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Runs that processes have begun that there may not be any more are kept by those that there are. */
function knownShards(config: RuntimeConfig, resources: string): number {
  const folder = join(resources, OBJECTS_FOLDER);
  return shardsIn(config, existsSync(folder) ? readdirSync(folder) : []);
}

/** Nobody but this user can reach what listens in it. */
function socketFolder(dataDir: string): string {
  const folder = join(dataDir, "run");
  return Buffer.byteLength(folder) <= LONGEST_FOLDER ? folder : mkdtempSync("/tmp/weft-run-");
}

/** The folder itself stays: in a place that others may write to, somebody else could make it meanwhile. */
function empty(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}
