import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["graph", "blocks", "durable-objects", "worker", "app", "cli", "test", "bench"];
const FIXTURES = "test/boundaries/";

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
).filter((path) => /\.tsx?$/.test(path) && !path.startsWith(FIXTURES));

/** Lines of all sources that match, as `file:line`. */
function linesThat(matches: (line: string) => boolean): string[] {
  return files.flatMap((path) =>
    readFileSync(join(root, path), "utf8")
      .split("\n")
      .flatMap((line, index) => (matches(line) ? [`${path}:${index + 1}`] : [])),
  );
}

describe("habits that no lint rule knows", () => {
  it("gives a reason with every suppressed finding", () => {
    expect(
      linesThat((line) => /(ox|es)lint-disable/.test(line) && !/(ox|es)lint-disable\S* .* -- \S/.test(line)),
    ).toEqual([]);
  });

  it("does not suppress type errors", () => {
    expect(linesThat((line) => /@ts-(ignore|nocheck|expect-error)|\bas any\b/.test(line))).toEqual([]);
  });

  it("re-exports nothing wholesale", () => {
    expect(linesThat((line) => /^\s*export \* /.test(line))).toEqual([]);
  });

  it("has no grab bags", () => {
    const bags = files.filter((path) => /^(utils?|helpers?|common|shared|misc)\.tsx?$/.test(basename(path)));
    expect(bags).toEqual([]);
  });

  it("retries no test", () => {
    expect(linesThat((line) => /\bretry:\s*\d/.test(line) && /vitest|test\(/.test(line))).toEqual([]);
  });
});
