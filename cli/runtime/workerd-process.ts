import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ListeningSocket } from "./listening-socket.ts";
import { type LogSink, readLog } from "./worker-log.ts";
import { guard } from "./workerd-guard.ts";

export interface WorkerdOptions {
  /** A Cap'n Proto text file with a constant `config`. */
  configFile: string;
  /** Where the files lie that the configuration embeds. */
  importPaths: string[];
  /** By the names of sockets: what already listens, or an address for the runtime to open. */
  sockets: Record<string, ListeningSocket | string>;
  env: Record<string, string>;
  /** Opens the inspector on this port of 127.0.0.1. */
  inspectorPort?: number | undefined;
  log: LogSink;
  /** Told of each process: the first, and those that replace one that crashed or was renewed. */
  onProcess?: ((pid: number) => void) | undefined;
}

export interface Workerd {
  /** The port of each socket, by its name. The same for every process. */
  readonly ports: ReadonlyMap<string, number>;
  /** Of the process that listens; null while there is none. */
  readonly pid: number | null;
  /** Calls `work` whenever a process that replaces another begins to listen. */
  whenListening(work: () => void): void;
  /** Ends the process and starts another one, as after a crash. Done when one listens again. */
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

/** Starts workerd, waits until it listens, and starts it again whenever it crashes. @throws WorkerdError */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const supervisor = new Supervisor(options);
  await supervisor.start();
  return supervisor;
}

class Supervisor implements Workerd {
  readonly #options: WorkerdOptions;
  ports: ReadonlyMap<string, number> = new Map();
  pid: number | null = null;
  #child: ChildProcess | undefined;
  #listening: (() => void) | undefined;
  #stopped = false;
  /** Waits for the process that replaces one that was ended on purpose. */
  #renewal: PromiseWithResolvers<void> | null = null;

  constructor(options: WorkerdOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const child = this.#spawn();
    this.#child = child;
    this.ports = await listening(child, Object.keys(this.#options.sockets).length);
    this.pid = child.pid ?? null;
    child.once("exit", () => void this.#replace());
  }

  whenListening(work: () => void): void {
    this.#listening = work;
  }

  async renew(): Promise<void> {
    if (this.#stopped) return;
    this.#renewal ??= Promise.withResolvers();
    // Without one that listens, another is being started already.
    if (this.pid !== null) this.#child?.kill("SIGKILL");
    await this.#renewal.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#renewal?.resolve();
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Everything that was answered is on disk, so that nothing is lost but time. */
  async #replace(): Promise<void> {
    this.pid = null;
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

  #spawn(): ChildProcess {
    const { importPaths, sockets, inspectorPort, configFile, env, log, onProcess } = this.#options;
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
      ...(inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`]),
      configFile,
      "config",
    ];
    const child = spawn(runtimeBinary(), args, {
      stdio: ["ignore", "pipe", "pipe", "pipe", ...Object.values(sockets).map(descriptor)],
      windowsHide: true,
      env: { ...process.env, TZ: "UTC", ...env },
    });
    child.once("spawn", () => {
      if (child.pid === undefined) return;
      guard(child);
      onProcess?.(child.pid);
    });
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

/** workerd tells on its control descriptor which socket listens on which port. */
async function listening(child: ChildProcess, sockets: number): Promise<Map<string, number>> {
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
        if (ports.size === sockets) done();
      });
    });
    return ports;
  } finally {
    child.stderr?.off("data", keep);
    lines.close();
  }
}
