import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ListeningSocket } from "./listening-socket.ts";
import { type LogSink, readLog } from "./worker-log.ts";
import { guard } from "./workerd-guard.ts";

export interface WorkerdProcess {
  /** A Cap'n Proto text file with a constant `config`. */
  configFile: string;
  /** By the names of sockets: what already listens, or an address for the runtime to open. */
  sockets: Record<string, ListeningSocket | string>;
  /** Where it lets other processes of the runtime in: `unix:` and a path. */
  door?: string;
  /** Opens the inspector on this port of 127.0.0.1. */
  inspectorPort?: number | undefined;
}

export interface WorkerdOptions {
  /** The processes that are this runtime together. */
  processes: WorkerdProcess[];
  /** Where the files lie that the configurations embed. */
  importPaths: string[];
  env: Record<string, string>;
  log: LogSink;
  /** Done before each start of the processes, while none is there. */
  beforeStart?: ((this: void) => void) | undefined;
  /** Told of the processes, in the order of `processes`: the first ones, and those that replace them. */
  onProcesses?: ((pids: number[]) => void) | undefined;
}

export interface Workerd {
  /** The port of each socket, by its name. The same for every process. */
  readonly ports: ReadonlyMap<string, number>;
  /** Of the processes, once all of them listen; none while they do not. */
  readonly pids: readonly number[];
  /** Calls `work` whenever processes that replace others begin to listen. */
  whenListening(work: () => void): void;
  /** Ends the processes and starts others, as after a crash. Done when these listen. */
  renew(): Promise<void>;
  stop(): Promise<void>;
}

/** The runtime ended before it listened. `output` is what it said. */
export class WorkerdError extends Error {
  readonly output: string;

  constructor(output: string) {
    super(`The Workers runtime did not start:\n${output}`);
    this.name = "WorkerdError";
    this.output = output;
  }
}

const LONGEST_PAUSE_MS = 5_000;
const CONTROL_FD = 3;
const FIRST_SOCKET_FD = 4;
const MOST_OUTPUT = 10_000;

/** The name by which workerd tells that its door is open. */
const DOOR = "debug-port";

/**
 * Starts workerd, waits until it listens, and starts it again whenever it crashes. Where it is several processes they live and die together: a crash of one is one of
 * the runtime, of which callers and consumers know what to do.
 * @throws WorkerdError
 */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const supervisor = new Supervisor(options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements Workerd {
  readonly #options: WorkerdOptions;
  ports: ReadonlyMap<string, number> = new Map();
  pids: readonly number[] = [];
  #children: ChildProcess[] = [];
  #listening: (() => void) | undefined;
  #stopped = false;
  /** Waits for the processes that replace those that were ended on purpose. */
  #renewal: PromiseWithResolvers<void> | null = null;

  constructor(options: WorkerdOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { processes, beforeStart, onProcesses } = this.#options;
    beforeStart?.();
    const children = processes.map((one) => this.#spawn(one));
    this.#children = children;
    onProcesses?.(pidsOf(children));
    try {
      const ports = await Promise.all(children.map((child, index) => listening(child, names(processes[index]))));
      this.ports = new Map(ports.flatMap((some) => [...some]));
    } catch (error) {
      await endAll(children);
      throw error;
    }
    this.pids = pidsOf(children);
    void Promise.race(children.map(ended)).then(() => this.#replace(children));
  }

  whenListening(work: () => void): void {
    this.#listening = work;
  }

  async renew(): Promise<void> {
    if (this.#stopped) return;
    this.#renewal ??= Promise.withResolvers();
    // Without any that listen, others are being started already.
    if (this.pids.length > 0) await endAll(this.#children);
    await this.#renewal.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#renewal?.resolve();
    await endAll(this.#children);
  }

  /** Everything that was answered is on disk, so that nothing is lost but time. */
  async #replace(children: ChildProcess[]): Promise<void> {
    this.pids = [];
    await endAll(children);
    for (let pause = 0; !this.#stopped; pause = Math.min(2 * pause + 50, LONGEST_PAUSE_MS)) {
      if (pause > 0) await sleep(pause);
      if (this.#stopped) return;
      if (this.#renewal === null) {
        this.#options.log("warn", "The Workers runtime ended unexpectedly and is started again.");
      }
      try {
        await this.start();
        this.#renewal?.resolve();
        this.#renewal = null;
        this.#listening?.();
        return;
      } catch (error) {
        this.#options.log("error", error instanceof Error ? error.message : String(error));
      }
    }
  }

  #spawn({ sockets, door, inspectorPort, configFile }: WorkerdProcess): ChildProcess {
    const { importPaths, env, log } = this.#options;
    const args = [
      "serve",
      // The simulator's services use flags of this kind.
      "--experimental",
      `--control-fd=${CONTROL_FD}`,
      ...importPaths.map((path) => `--import-path=${path}`),
      ...Object.entries(sockets).map(([name, socket], index) =>
        typeof socket === "string"
          ? `--socket-addr=${name}=${this.#address(name, socket)}`
          : `--socket-fd=${name}=${FIRST_SOCKET_FD + index}`,
      ),
      ...(door === undefined ? [] : [`--debug-port=${door}`]),
      ...(inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`]),
      configFile,
      "config",
    ];
    const child = spawn(runtimeBinary(), args, {
      stdio: ["ignore", "pipe", "pipe", "pipe", ...Object.values(sockets).map(descriptor)],
      windowsHide: true,
      env: { ...process.env, TZ: "UTC", ...env },
    });
    child.once("spawn", () => guard(child));
    for (const stream of [child.stdout, child.stderr]) if (stream !== null) readLog(stream, log);
    return child;
  }

  /** A free port that the first process chose is the port of those that replace it. */
  #address(name: string, address: string): string {
    const port = this.ports.get(name);
    return port === undefined ? address : address.replace(/:\d+$/, `:${port}`);
  }
}

/** The runtime that Miniflare brings, because the configuration was written by it. */
function runtimeBinary(): string {
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  return (fromMiniflare("workerd") as { default: string }).default;
}

function descriptor(socket: ListeningSocket | string): number | "ignore" {
  return typeof socket === "string" ? "ignore" : socket.fd;
}

function pidsOf(children: ChildProcess[]): number[] {
  return children.flatMap(({ pid }) => pid ?? []);
}

function names(one: WorkerdProcess | undefined): string[] {
  return [...Object.keys(one?.sockets ?? {}), ...(one?.door === undefined ? [] : [DOOR])];
}

function isOver({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

function ended(child: ChildProcess): Promise<void> {
  return isOver(child) ? Promise.resolve() : new Promise((done) => child.once("exit", () => done()));
}

async function endAll(children: ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(async (child) => {
      const end = ended(child);
      if (!isOver(child)) child.kill("SIGKILL");
      await end;
    }),
  );
}

/** workerd tells on its control descriptor which socket listens on which port. */
async function listening(child: ChildProcess, sockets: string[]): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  let output = "";
  const keep = (chunk: Buffer): void => {
    if (output.length < MOST_OUTPUT) output += chunk.toString();
  };
  child.stderr?.on("data", keep);
  const lines = createInterface(child.stdio[CONTROL_FD] as Readable);
  try {
    await new Promise<void>((done, fail) => {
      child.once("error", fail);
      child.once("close", () => fail(new WorkerdError(output.trim())));
      lines.on("line", (line) => {
        const message = JSON.parse(line) as { event: string; socket?: string; port: number };
        if (message.event === "listen" && message.socket !== undefined) ports.set(message.socket, message.port);
        if (sockets.every((name) => ports.has(name))) done();
      });
    });
    return ports;
  } finally {
    child.stderr?.off("data", keep);
    lines.close();
  }
}
