import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BootstrapRequest, BootstrapResponse } from "#worker/contracts/bootstrap.ts";
import type { EmbeddedRuntime } from "../embedded-runtime.ts";
import { StartError } from "./start-error.ts";

/** `<data>/local.json`: how to reach the platform that runs on this machine, as its owner. */
export interface LocalAccess {
  url: string;
  api_key: string;
  email: string;
  password: string;
}

export function readLocalAccess(dataDir: string): LocalAccess | null {
  const path = join(dataDir, "local.json");
  if (!existsSync(path)) return null;
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  return isLocalAccess(value) ? value : null;
}

export function writeLocalAccess(dataDir: string, access: LocalAccess): void {
  const path = join(dataDir, "local.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * The owner of this data: made at the first start, known from local.json later. If that file got lost, or WEFT_PASSWORD asks for
 * another password, the owner gets a new password and a new key.
 */
export async function ensureLocalOwner(
  runtime: EmbeddedRuntime,
  dataDir: string,
  password: string | undefined,
): Promise<{ access: LocalAccess; created: boolean }> {
  const known = readLocalAccess(dataDir);
  if (known !== null && (password === undefined || password === known.password)) {
    return { access: { ...known, url: runtime.url }, created: false };
  }
  let answer = await bootstrap(runtime, { password });
  if (!answer.created) answer = await bootstrap(runtime, { email: answer.email, password, reissue: true });
  const { email, api_key } = answer;
  const chosen = password ?? answer.password;
  if (api_key === undefined || chosen === undefined) {
    throw new StartError(
      "bootstrap_failed",
      "The owner's account exists, but no new password and key could be made for it.",
    );
  }
  return { access: { url: runtime.url, api_key, email, password: chosen }, created: true };
}

async function bootstrap(runtime: EmbeddedRuntime, request: Partial<BootstrapRequest>): Promise<BootstrapResponse> {
  const response = await fetch(`${runtime.url}/internal/bootstrap`, {
    method: "POST",
    headers: { authorization: `Bearer ${runtime.bootstrapToken}`, "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new StartError(
      "bootstrap_failed",
      `The owner's account could not be made: HTTP ${response.status} ${text.slice(0, 500)}`,
    );
  }
  return JSON.parse(text) as BootstrapResponse;
}

function isLocalAccess(value: unknown): value is LocalAccess {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return ["url", "api_key", "email", "password"].every((name) => typeof fields.get(name) === "string");
}
