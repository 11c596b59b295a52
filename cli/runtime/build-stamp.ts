import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_DIR, PROJECT_ROOT } from "./project.ts";

/** Everything the built Worker and pages are made of. */
const SOURCES = [
  "graph",
  "blocks",
  "durable-objects",
  "worker",
  "app",
  "cli/runtime",
  "cli/embedded-runtime.ts",
  "cli/serve.ts",
  "package.json",
  "package-lock.json",
  "vite.config.ts",
  "react-router.config.ts",
  "wrangler.toml",
  "tsconfig.base.json",
  "tsconfig.app.json",
];
const NOT_BUILT = /\.(test|testkit)\.tsx?$|\.md$|^\.|~$/;
const STAMP = join(BUILD_DIR, "stamp");

/** Digest of the names and contents of all sources: a copy, a checkout or a touched file does not make a build stale. */
export function sourceDigest(): string {
  const hash = createHash("sha1");
  for (const source of SOURCES) {
    for (const file of filesOf(source)) {
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(PROJECT_ROOT, file)))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

export function isBuildFresh(digest: string): boolean {
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest;
}

export function stampBuild(digest: string): void {
  writeFileSync(STAMP, digest);
}

function filesOf(source: string): string[] {
  const path = join(PROJECT_ROOT, source);
  if (!existsSync(path)) return [];
  if (source.includes(".")) return [source];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !NOT_BUILT.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(PROJECT_ROOT.length + 1))
    .toSorted();
}
