import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { readModelPrices } from "#blocks/ai/read-model-prices.ts";
import { MAX_SHARDS } from "#graph/run/shard.ts";
import { thrownMessage } from "#graph/run/thrown-message.ts";
import type { IdleMemoryPolicy } from "./idle-memory.ts";
import { PROJECT_ROOT } from "./project.ts";
import { StartError } from "./start-error.ts";

/** Variables and secrets of the Worker (worker/env.ts) that the environment may set. */
const PASSED_ON = [
  "WEFT_EGRESS_ALLOW",
  "WEFT_LEASE_MS",
  "WEFT_IO_SLOTS",
  "WEFT_RETENTION_DAYS",
  "WEFT_MAX_RUNNING_RUNS",
  "WEFT_MAX_QUEUED_RUNS",
  "WEFT_MAX_QUEUED_RUNS_PER_AGENT",
  "WEFT_MODEL_PRICES",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
] as const;

/** An invocation may have as many connections as it likes here: six is a limit of Cloudflare's. */
const IO_SLOTS = "32";

/** Runs that are over or sleep need not stay in memory here, where nobody else makes room. */
const RELEASE_MS = "500";

export type Environment = Record<string, string | undefined>;

/** The environment over `.env` over `.dev.vars`, both in the project's root and both optional. */
export function readEnvironment(): Environment {
  const fromFiles = [".dev.vars", ".env"]
    .map((name) => join(PROJECT_ROOT, name))
    .filter((path) => existsSync(path))
    .map((path) => parseEnv(readFileSync(path, "utf8")));
  return Object.assign({}, ...fromFiles, process.env) as Environment;
}

/**
 * What the Worker gets to see of the environment, and how it must work here (wrangler.toml, `WEFT_CONSUMER_MODE`).
 * @throws StartError `bad_model_prices`
 */
export function workerVars(environment: Environment): Record<string, string> {
  checkModelPrices(environment);
  const vars: Record<string, string> = {
    WEFT_CONSUMER_MODE: "detach",
    WEFT_IO_SLOTS: IO_SLOTS,
    WEFT_RELEASE_MS: RELEASE_MS,
  };
  for (const name of PASSED_ON) {
    const value = environment[name];
    if (value !== undefined && value !== "") vars[name] = value;
  }
  return vars;
}

function checkModelPrices(environment: Environment): void {
  try {
    readModelPrices(environment["WEFT_MODEL_PRICES"] ?? "");
  } catch (error) {
    throw new StartError("bad_model_prices", thrownMessage(error));
  }
}

export interface Address {
  host: string;
  port: number;
}

/** @throws StartError `bad_port` */
export function listenAddress(environment: Environment): Address {
  const host = environment["HOST"] || "127.0.0.1";
  const text = environment["PORT"] || "8787";
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartError("bad_port", `PORT is "${text}"; it must be a number from 0 to 65535 (0: any free port).`);
  }
  return { host: host === "localhost" ? "127.0.0.1" : host, port };
}

/** Where blocks that wait for a call say that they can be called: WEFT_PUBLIC_URL, else this machine's own address; nothing when the port is not known yet. */
export function publicUrl(environment: Environment, { host, port }: Address): { WEFT_PUBLIC_URL?: string } {
  const given = environment["WEFT_PUBLIC_URL"];
  if (given !== undefined && given !== "") {
    if (!URL.canParse(given) || !/^https?:/.test(given)) {
      throw new StartError(
        "bad_public_url",
        `WEFT_PUBLIC_URL is "${given}"; it must be an address such as https://weft.example.com.`,
      );
    }
    return { WEFT_PUBLIC_URL: given };
  }
  const reachable = host === "0.0.0.0" || host === "::" || host === "[::]" ? "127.0.0.1" : host;
  return port === 0 ? {} : { WEFT_PUBLIC_URL: `http://${reachable}:${port}` };
}

/** Seconds that a runtime process must be idle before a fresh one takes its place, when it holds much more memory than that would. */
const IDLE_RESTART_S = "300";
const IDLE_GROWTH_MIB = 96;

/**
 * WEFT_IDLE_RESTART_SECONDS; null for 0: never.
 * @throws StartError `bad_idle_restart`
 */
export function idleMemory(environment: Environment): IdleMemoryPolicy | null {
  const text = environment["WEFT_IDLE_RESTART_SECONDS"] || IDLE_RESTART_S;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0) {
    throw new StartError(
      "bad_idle_restart",
      `WEFT_IDLE_RESTART_SECONDS is "${text}"; it must be a number of seconds (0: never).`,
    );
  }
  return seconds === 0 ? null : { idleMs: seconds * 1_000, growthMiB: IDLE_GROWTH_MIB };
}

/**
 * WEFT_PROCESSES: how many processes share the work, one by default: more use more cores, and each needs memory.
 * @throws StartError `bad_processes`
 */
export function runtimeProcesses(environment: Environment, platform = process.platform): number {
  const text = environment["WEFT_PROCESSES"] || "1";
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_SHARDS) {
    throw new StartError("bad_processes", `WEFT_PROCESSES is "${text}"; it must be a number from 1 to ${MAX_SHARDS}.`);
  }
  // Sockets between processes are protected by the file system, and one that listens is passed on.
  if (count > 1 && platform === "win32") {
    throw new StartError("bad_processes", `WEFT_PROCESSES is "${text}"; on Windows it can only be 1.`);
  }
  return count;
}

export function dataDir(environment: Environment): string {
  return resolve(PROJECT_ROOT, environment["WEFT_DATA"] || ".weft");
}

export function isLoopback(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === "::1" || host === "[::1]" || host === "localhost";
}

/** The secret that signs sessions: WEFT_SECRET, or one made at the first start and kept in `<data>/secret` (mode 600). */
export function sessionSecret(data: string, environment: Environment): string {
  const given = environment["WEFT_SECRET"];
  if (given) {
    if (given.length >= 32) return given;
    throw new StartError("weak_secret", "WEFT_SECRET is too short; it needs at least 32 characters.");
  }
  const path = join(data, "secret");
  if (existsSync(path)) return readFileSync(path, "utf8").trim();
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const secret = randomBytes(32).toString("base64url");
  writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: "wx" });
  return secret;
}
