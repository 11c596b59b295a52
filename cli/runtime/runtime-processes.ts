import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ListeningSocket } from "./listening-socket.ts";
import { PUBLIC_SOCKET, type RuntimeConfig } from "./runtime-config.ts";
import { type ServeOptions, writeServeConfig } from "./serve-config.ts";
import { type SplitAddresses, splitConfig } from "./split-config.ts";
import type { WorkerdProcess } from "./workerd-process.ts";

export interface ProcessesOptions {
  config: RuntimeConfig;
  /** Where configuration files and the sockets between processes are put. */
  dataDir: string;
  /** How many: one for everything, or one that keeps the state and others that do the work. */
  count: number;
  /** Where people and programs are served. */
  listen: ListeningSocket | string;
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
  if (count === 1) {
    const whole = { configFile: write("runtime.capnp", config), sockets: { [PUBLIC_SOCKET]: listen }, inspectorPort };
    return { processes: [whole], clear: () => {} };
  }
  const folder = socketFolder(dataDir);
  const addresses: SplitAddresses = {
    state: `unix:${join(folder, "state")}`,
    fronts: Array.from({ length: count - 1 }, (_, index) => `unix:${join(folder, `front-${index}`)}`),
    service: (name) => `unix:${join(folder, name)}`,
  };
  const { state, front } = splitConfig(config, addresses);
  const stateProcess = { configFile: write("state.capnp", state), sockets: {}, door: addresses.state };
  const frontFile = write("front.capnp", front);
  const fronts = addresses.fronts.map((door, index) => ({
    configFile: frontFile,
    sockets: { [PUBLIC_SOCKET]: listen },
    door,
    // It takes one process.
    inspectorPort: index === 0 ? inspectorPort : undefined,
  }));
  return {
    processes: [stateProcess, ...fronts],
    // A socket outlives the process that listened on it, and then cannot be opened again.
    beforeStart: () => empty(folder),
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Nobody but this user can reach what listens in it. */
function socketFolder(dataDir: string): string {
  const folder = join(dataDir, "run");
  return Buffer.byteLength(folder) <= LONGEST_FOLDER ? folder : mkdtempSync("/tmp/weft-run-");
}

function empty(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}
