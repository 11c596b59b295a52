import { spawn } from "node:child_process";
import { join } from "node:path";
import { buildServerProcess } from "./build-server-process.ts";
import { isBuildFresh, sourceDigest, stampBuild } from "./build-stamp.ts";
import { takeFileLock } from "./file-lock.ts";
import { PROJECT_ROOT } from "./project.ts";
import { StartError } from "./start-error.ts";
import { RUNTIME_DIR } from "./runtime-config.ts";
import { readWorkerOptions, writeWorkerOptions } from "./worker-options.ts";

const LONGEST_BUILD_MS = 600_000;

/**
 * Builds the Worker and the pages unless the build already matches the sources. Two processes that find it stale at the same
 * time build it once.
 * @throws StartError `build_failed`
 */
export async function ensureBuild(options: { force?: boolean; onStart?: () => void } = {}): Promise<void> {
  if (options.force !== true && isBuildFresh(sourceDigest())) return;
  const lock = takeFileLock(join(PROJECT_ROOT, ".weft", "build.lock"), LONGEST_BUILD_MS);
  try {
    const digest = sourceDigest();
    if (options.force !== true && isBuildFresh(digest)) return;
    options.onStart?.();
    await runBuild();
    await writeWorkerOptions();
    await buildServerProcess();
    const { writeRuntimeConfig } = await import("./build-runtime-config.ts");
    await writeRuntimeConfig(readWorkerOptions(), RUNTIME_DIR);
    stampBuild(digest);
  } finally {
    lock?.release();
  }
}

/** The bundler's own messages go to stderr, so that a command's stdout stays its own. */
async function runBuild(): Promise<void> {
  const bundler = join(PROJECT_ROOT, "node_modules", "@react-router", "dev", "bin.cjs");
  const child = spawn(process.execPath, [bundler, "build"], {
    cwd: PROJECT_ROOT,
    stdio: ["ignore", process.stderr, process.stderr],
    env: { ...process.env, NODE_ENV: "production", WRANGLER_SEND_METRICS: "false" },
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("exit", done);
  });
  if (code !== 0) throw new StartError("build_failed", "The build failed; its messages are above.");
}
