import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedRuntime, startRuntime } from "../embedded-runtime.ts";
import { type FileLock, takeFileLock } from "./file-lock.ts";
import { ensureLocalOwner, type LocalAccess, readLocalAccess, writeLocalAccess } from "./local-owner.ts";
import {
  type Environment,
  dataDir,
  idleMemory,
  isLoopback,
  listenAddress,
  publicUrl,
  runtimeProcesses,
  sessionSecret,
  workerVars,
} from "./settings.ts";
import { StartError } from "./start-error.ts";
import { killOrphan } from "./workerd-guard.ts";

export interface Server {
  access: LocalAccess;
  /** The owner was made by this start. */
  firstStart: boolean;
  dataDir: string;
  stop(): Promise<void>;
}

/** `<data>/server.json`, while a server runs or after it was killed. */
interface ServerRecord {
  pid: number;
  /** Of the runtime's processes. */
  runtime_pids: number[];
}

/**
 * Serves the built platform with the data that the environment names (`WEFT_DATA`), on `HOST` and `PORT`, as its only user.
 * @throws StartError `data_in_use`, `open_without_password`, and what `startRuntime` throws
 */
export async function serve(environment: Environment): Promise<Server> {
  const address = listenAddress(environment);
  const data = dataDir(environment);
  const password = environment["WEFT_PASSWORD"] || undefined;
  checkExposure(address.host, password);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = lockData(data);
  let runtime: EmbeddedRuntime | undefined;
  try {
    await Promise.all((readRecord(data)?.runtime_pids ?? []).map(killOrphan));
    useOwnTemporaryFolder(data);
    runtime = await startRuntime({
      dataDir: data,
      ...address,
      vars: {
        ...workerVars(environment),
        ...publicUrl(environment, address),
        WEFT_SECRET: sessionSecret(data, environment),
      },
      idleMemory: idleMemory(environment),
      processes: runtimeProcesses(environment),
      onProcesses: (runtime_pids) => writeRecord(data, { pid: process.pid, runtime_pids }),
    });
    const { access, created } = await ensureLocalOwner(runtime, data, password);
    const known = readLocalAccess(data);
    if (created || known?.url !== access.url) writeLocalAccess(data, access);
    return { access, firstStart: created, dataDir: data, stop: () => stop(runtime, data, lock) };
  } catch (error) {
    await stop(runtime, data, lock);
    throw error;
  }
}

async function stop(runtime: EmbeddedRuntime | undefined, data: string, lock: FileLock): Promise<void> {
  await runtime?.dispose();
  rmSync(recordPath(data), { force: true });
  lock.release();
}

/** Anybody on the network would be let in with a password that only a file on this machine knows: the owner must choose one. */
function checkExposure(host: string, password: string | undefined): void {
  if (isLoopback(host)) return;
  if (password === undefined) {
    throw new StartError(
      "open_without_password",
      `HOST=${host} opens the platform to other machines. Set WEFT_PASSWORD to the owner's password (8 characters or more) to allow it.`,
    );
  }
}

function lockData(data: string): FileLock {
  const lock = takeFileLock(join(data, "lock"));
  if (lock !== null) return lock;
  const pid = readRecord(data)?.pid;
  const who = pid === undefined ? "another process" : `process ${pid}`;
  throw new StartError(
    "data_in_use",
    `The data in ${data} is in use by ${who}. Stop it, or set WEFT_DATA (and PORT) to run a second platform.`,
  );
}

/** The simulator's temporary files outlive a SIGKILL; here the next start finds and deletes them. */
function useOwnTemporaryFolder(data: string): void {
  const folder = join(data, "tmp");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  process.env["TMPDIR"] = folder;
}

function recordPath(data: string): string {
  return join(data, "server.json");
}

function writeRecord(data: string, record: ServerRecord): void {
  writeFileSync(recordPath(data), JSON.stringify(record));
}

function readRecord(data: string): ServerRecord | null {
  const path = recordPath(data);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ServerRecord;
  } catch {
    // Killed while writing it.
    return null;
  }
}
