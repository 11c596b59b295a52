import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MAX_COMPRESSED_KIB, uploadSize } from "./deploy/bundle-size.ts";
import { type BuiltConfig, configFor, type DeployEnvironment, ENVIRONMENTS } from "./deploy/environment-config.ts";
import { runWrangler } from "./deploy/run-wrangler.ts";
import { ensureBuild } from "./runtime/build-project.ts";
import { BUILD_DIR } from "./runtime/project.ts";
import { reportStartError } from "./runtime/report-start-error.ts";
import { StartError } from "./runtime/start-error.ts";

/**
 * `npm run deploy -- [--env staging] [--dry-run]`: docs/deploy.md.
 * A database that exists is migrated before the new Worker serves; the first deployment makes the database, so it is migrated after.
 */
try {
  const { values } = parseArgs({
    options: { env: { type: "string", default: "production" }, "dry-run": { type: "boolean", default: false } },
  });
  await ensureBuild();
  const config = writeConfig(environmentNamed(values.env));
  await (values["dry-run"] ? dryRun(config) : deploy(config));
} catch (error) {
  reportStartError(error);
}

interface WrittenConfig {
  path: string;
  database: string;
}

function environmentNamed(name: string): DeployEnvironment {
  const found = ENVIRONMENTS.find((environment) => environment === name);
  if (found === undefined) {
    throw new StartError("unknown_environment", `--env is "${name}"; it must be one of ${ENVIRONMENTS.join(", ")}.`);
  }
  return found;
}

function writeConfig(environment: DeployEnvironment): WrittenConfig {
  const server = join(BUILD_DIR, "server");
  const built = JSON.parse(readFileSync(join(server, "wrangler.json"), "utf8")) as BuiltConfig;
  const config = configFor(built, environment);
  const path = join(server, `wrangler.${environment}.json`);
  writeFileSync(path, JSON.stringify(config));
  return { path, database: config.d1_databases?.[0]?.database_name ?? config.name };
}

async function dryRun({ path }: WrittenConfig): Promise<void> {
  const { ok, output } = await runWrangler(["deploy", "--dry-run", "-c", path], true);
  const size = uploadSize(output);
  if (!ok || size === null) throw new StartError("dry_run_failed", `wrangler deploy --dry-run failed:\n${output}`);
  const bound = `${MAX_COMPRESSED_KIB} KiB`;
  console.log(
    `The Worker is ${size.compressed} KiB compressed (${size.total} KiB with source maps); the bound is ${bound}.`,
  );
  if (size.compressed > MAX_COMPRESSED_KIB) {
    throw new StartError("worker_too_large", `The Worker is larger than ${bound} compressed. What came in lately?`);
  }
}

async function deploy({ path, database }: WrittenConfig): Promise<void> {
  const { ok: exists } = await runWrangler(["d1", "info", database, "--json", "-c", path], true);
  if (exists) await migrate(database, path);
  const { ok } = await runWrangler(["deploy", "-c", path]);
  if (!ok) throw new StartError("deploy_failed", "wrangler deploy failed; its messages are above.");
  if (!exists) await migrate(database, path);
}

async function migrate(database: string, path: string): Promise<void> {
  const { ok } = await runWrangler(["d1", "migrations", "apply", database, "--remote", "-c", path]);
  if (!ok) throw new StartError("migration_failed", "The migrations of D1 failed; wrangler's messages are above.");
}
