import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureLocalOwner, writeLocalAccess } from "./runtime/local-owner.ts";
import { PROJECT_ROOT } from "./runtime/project.ts";
import { reportStartError } from "./runtime/report-start-error.ts";
import { dataDir, listenAddress, publicUrl, readEnvironment, sessionSecret, workerVars } from "./runtime/settings.ts";
import { StartError } from "./runtime/start-error.ts";

/** `npm run dev`: the platform from its sources, reloaded with every change, on data of its own (default `.weft/dev`). */
const LONGEST_START_MS = 120_000;

try {
  await develop();
} catch (error) {
  reportStartError(error);
}

async function develop(): Promise<void> {
  const environment = readEnvironment();
  const data = dataDir({ WEFT_DATA: environment["WEFT_DATA"] || ".weft/dev" });
  const { host, port } = listenAddress(environment);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const bootstrapToken = randomBytes(24).toString("base64url");
  const vars = {
    ...workerVars(environment),
    ...publicUrl(environment, { host, port }),
    WEFT_SECRET: sessionSecret(data, environment),
    WEFT_BOOTSTRAP_TOKEN: bootstrapToken,
  };
  execFileSync(tool("wrangler"), ["d1", "migrations", "apply", "weft", "--local", "--persist-to", data], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, CI: "true" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const server = spawn(tool("react-router"), ["dev", "--host", host, "--port", String(port)], {
    cwd: PROJECT_ROOT,
    env: { ...process.env, PORT: String(port), WEFT_DATA: data, WEFT_DEV_VARS: JSON.stringify(vars) },
    stdio: "inherit",
  });
  passSignalsTo(server);
  const url = `http://${host}:${port}`;
  await untilHealthy(url, server);
  const { access } = await ensureLocalOwner(
    { url, bootstrapToken, dispose: () => Promise.resolve() },
    data,
    environment["WEFT_PASSWORD"],
  );
  writeLocalAccess(data, access);
  console.log(`\nSign in at ${url} as ${access.email} with the password ${access.password}\n`);
}

function tool(name: string): string {
  return join(PROJECT_ROOT, "node_modules", ".bin", name);
}

function passSignalsTo(server: ChildProcess): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => server.kill(signal));
  }
  server.once("exit", (code) => process.exit(code ?? 0));
}

async function untilHealthy(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + LONGEST_START_MS;
  while (Date.now() < deadline && server.exitCode === null) {
    const healthy = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await sleep(250);
  }
  throw new StartError("dev_not_ready", `The development server did not answer at ${url}. What it printed says why.`);
}
