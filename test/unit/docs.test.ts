import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** What pages say of the tree must be true: links, files, constants, packages, settings. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = [
  ".ci",
  "app",
  "bench",
  "blocks",
  "cli",
  "docs",
  "durable-objects",
  "examples",
  "graph",
  "migrations",
  "test",
  "worker",
];

const files = [
  ...readdirSync(root).filter((name) => !FOLDERS.includes(name)),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${String(name)}`),
  ),
];
const pages = files.filter((file) => file.endsWith(".md"));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

describe.each(pages)("%s", (page) => {
  const text = read(page).replaceAll(/```[^`]*```/g, "");

  test("links to files that exist", () => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const local = targets.filter((target) => !/^(https?:|#)/.test(target)).map((target) => target.replace(/#.*$/, ""));
    const broken = local.filter((target) => !existsSync(join(root, dirname(page), decodeURIComponent(target))));
    expect(broken).toEqual([]);
  });

  test("links to headings that it has", () => {
    const anchors = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
    const targets = [...text.matchAll(/\]\(#([^)\s]+)\)/g)].map(([, target = ""]) => target);
    expect(targets.filter((target) => !anchors.includes(target))).toEqual([]);
  });
});

/** As GitHub makes them, for headings without markup other than code. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

const explained = pages.filter((page) =>
  /^(README|AGENTS)\.md$|^docs\/(architecture|reliability|settings)\.md$|^docs\/decisions\//.test(page),
);

describe.each(explained)("what %s names in code", (page) => {
  const names = [
    ...read(page)
      .replaceAll(/```[^`]*```/g, "")
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, name = ""]) => name);

  test("is a file of the tree, where it looks like one", () => {
    const paths = names.filter(
      (name) => /^[\w./-]+\.(ts|tsx|md|json|toml|jsonc)$/.test(name) && !/^(x\.|\.weft|local\.json)/.test(name),
    );
    const missing = paths.filter((path) => !files.some((file) => file === path || file.endsWith(`/${path}`)));
    expect(missing).toEqual([]);
  });

  test("is a folder of the tree, where it looks like one", () => {
    const folders = names.filter((name) => /^[\w.-]+(\/[\w.-]+)*\/$/.test(name) && !GENERATED.has(name));
    const missing = folders.filter((folder) => !files.some((file) => `/${file}`.includes(`/${folder}`)));
    expect(missing).toEqual([]);
  });

  test("is a constant or setting of the sources, where it looks like one", () => {
    const constants = new Set(names.filter((name) => /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(name)));
    expect([...constants].filter((name) => !new RegExp(String.raw`\b${name}\b`).test(sources))).toEqual([]);
  });
});

/** Made by a start, so not in a clean checkout. */
const GENERATED: ReadonlySet<string> = new Set([
  ".weft/",
  ".weft/dev/",
  "resources/",
  "node_modules/.bin/",
  "build/runtime/",
]);

const sources = files
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith("test/"))
  .map(read)
  .join("\n");

test("decision 0001 names every package", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const decision = read("docs/decisions/0001-dependencies.md");
  const packages = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith("@types/"));
  expect(packages.filter((name) => !decision.includes(`\`${name}\``))).toEqual([]);
});

describe.each(["README.md", ".env.example"])("%s", (page) => {
  const settings = [
    ...read("cli/runtime/settings.ts").matchAll(/\[?"([A-Z]+(?:_[A-Z]+)*)"/g),
    ...read("cli/runtime/serve.ts").matchAll(/environment\["([A-Z_]+)"\]/g),
    ...read("cli/server-options.ts").matchAll(/environment\["([A-Z_]+)"\]/g),
  ].map(([, name = ""]) => name);

  test("tells every setting that the command line reads", () => {
    expect(settings).toContain("WEFT_EGRESS_ALLOW");
    const text = read(page);
    expect([...new Set(settings)].filter((name) => !new RegExp(String.raw`\b${name}\b`).test(text))).toEqual([]);
  });
});

test("the tree's map names every script of package.json", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const pagesOfScripts = ["AGENTS.md", "README.md", "docs/deploy.md", "docs/testing.md", "docs/performance.md"]
    .filter((page) => existsSync(join(root, page)))
    .map(read)
    .join("\n");
  const told = (name: string): boolean => new RegExp(String.raw`npm (run (-s )?)?${name}\b`).test(pagesOfScripts);
  expect(Object.keys(scripts).filter((name) => !told(name))).toEqual([]);
});
