import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WeftClient } from "#cli/client.ts";
import type { LocalAccess } from "#cli/runtime/local-owner.ts";

/** `npm start` as a process of its own, on a free port and with data of its own, for tests that need the real thing. */
export interface TestServer {
  readonly url: string;
  readonly apiKey: string;
  readonly email: string;
  readonly password: string;
  /** The serving process: the one that `npm start` runs. */
  readonly pid: number;
  /** The processes in which the Worker runs, which the serving one starts; none while they are not known, as when others take their place. */
  readonly runtimePids: number[];
  readonly dataDir: string;
  readonly client: WeftClient;
  /** Everything that the process has written, over all its starts. */
  readonly output: string;
  /** Sends a signal and waits until the process has ended. Answers its exit code, null after a signal that it did not handle. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts again on the same data and port. */
  restart(): Promise<void>;
  /** Ends the process and deletes its data. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Over the environment of the tests. */
  env?: Record<string, string>;
  /** Default: a new folder that `stop` deletes. */
  dataDir?: string;
  /** The checkout whose server it is. Default: this one. */
  project?: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const LONGEST_START_MS = 90_000;
const ready = /Weft serves on (http:\/\/\S+)/;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const server = new ServerProcess(options);
  await server.restart();
  return server;
}

class ServerProcess implements TestServer {
  readonly dataDir: string;
  readonly #env: Record<string, string>;
  readonly #ownsData: boolean;
  readonly #project: string;
  #child: ChildProcess | undefined;
  #access: LocalAccess | undefined;
  output = "";

  constructor({ env = {}, dataDir, project = root }: ServerOptions) {
    this.#project = project;
    this.#env = env;
    this.#ownsData = dataDir === undefined;
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), "weft-e2e-"));
  }

  get url(): string {
    return this.#local().url;
  }
  get apiKey(): string {
    return this.#local().api_key;
  }
  get email(): string {
    return this.#local().email;
  }
  get password(): string {
    return this.#local().password;
  }
  get client(): WeftClient {
    return new WeftClient({ url: this.url, apiKey: this.apiKey });
  }
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error("The server does not run.");
    return pid;
  }

  get runtimePids(): number[] {
    try {
      const record = readFileSync(join(this.dataDir, "server.json"), "utf8");
      return (JSON.parse(record) as { runtime_pids: number[] }).runtime_pids;
    } catch {
      return [];
    }
  }

  async restart(): Promise<void> {
    if (this.#child !== undefined) await this.kill("SIGTERM");
    const port = this.#access === undefined ? "0" : new URL(this.#access.url).port;
    const child = spawn(process.execPath, ["cli/start.ts"], {
      cwd: this.#project,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOST: "127.0.0.1",
        ...this.#env,
        PORT: this.#env["PORT"] ?? port,
        WEFT_DATA: this.dataDir,
      },
    });
    this.#child = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    await this.#untilReady(child);
    this.#access = JSON.parse(readFileSync(join(this.dataDir, "local.json"), "utf8")) as LocalAccess;
  }

  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = new Promise<number | null>((done) => child.once("exit", done));
    child.kill(signal);
    return ended;
  }

  async stop(): Promise<void> {
    await this.kill("SIGTERM");
    // A killed start leaves its runtime process to be ended by its guard, which may still write for some milliseconds.
    if (this.#ownsData) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  #untilReady(child: ChildProcess): Promise<void> {
    return new Promise((done, fail) => {
      const from = this.output.length;
      const timer = setTimeout(
        () => fail(new Error(`The server did not become ready:\n${this.output.slice(from)}`)),
        LONGEST_START_MS,
      );
      const read = (chunk: Buffer): void => {
        this.output += chunk.toString();
        if (!ready.test(this.output.slice(from))) return;
        clearTimeout(timer);
        done();
      };
      child.stdout?.on("data", read);
      child.stderr?.on("data", read);
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        fail(new Error(`The server ended (${code ?? signal}) before it was ready:\n${this.output.slice(from)}`));
      });
    });
  }

  #local(): LocalAccess {
    if (this.#access === undefined) throw new Error("The server was never ready.");
    return this.#access;
  }
}
