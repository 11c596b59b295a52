import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const fixtures = join(here, "fixtures");
const ALLOWED = "allowed";

interface Finding {
  filename: string;
  code: string;
}

/**
 * The rules that hold the tree together must themselves be tested: a pattern that misses its target is silent. Each fixture lies at
 * the path where it would do harm, names the rule that must catch it in its first line, and is linted with the project's own
 * configuration in a copy of the tree's shape. What lies under `allowed/` must pass.
 */
function lint(tree: string): Map<string, Set<string>> {
  const copy = mkdtempSync(join(tmpdir(), "weft-lint-"));
  try {
    cpSync(tree, copy, { recursive: true, filter: (path) => relative(tree, path).split("/")[0] !== ALLOWED });
    for (const name of [".oxlintrc.jsonc", "package.json", "tsconfig.base.json"])
      cpSync(join(root, name), join(copy, name));
    cpSync(join(here, "fixture-tsconfig.json"), join(copy, "tsconfig.json"));
    const { stdout, stderr } = spawnSync("oxlint", ["--format", "json", "-c", ".oxlintrc.jsonc"], {
      cwd: copy,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      timeout: 50_000,
      env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` },
    });
    if (!stdout.startsWith("{")) throw new Error(`oxlint did not run: ${stdout}${stderr}`);
    const found = new Map<string, Set<string>>();
    for (const { filename, code } of (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics) {
      const rules = found.get(filename) ?? new Set();
      found.set(filename, rules.add(/\(([^)]+)\)/.exec(code ?? "")?.[1] ?? String(code)));
    }
    return found;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function sources(tree: string): string[] {
  return readdirSync(tree, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
}

describe("rules of the tree", () => {
  let findings: Map<string, Set<string>>;
  beforeAll(() => {
    findings = lint(fixtures);
  }, 60_000);

  for (const path of sources(fixtures).filter((file) => !file.startsWith(`${ALLOWED}/`))) {
    const expected = /^\/\/ expect: (.+)$/m.exec(readFileSync(join(fixtures, path), "utf8"))?.[1];
    if (expected === undefined) continue;
    it(`${path} is caught by ${expected}`, () => {
      expect([...(findings.get(path) ?? [])]).toContain(expected);
    });
  }
});

describe("what the rules must let pass", () => {
  it("finds nothing in the allowed fixtures", () => {
    expect([...lint(join(fixtures, ALLOWED))]).toEqual([]);
  }, 60_000);
});
