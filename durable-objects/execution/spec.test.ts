import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const here = import.meta.dirname;
const root = join(here, "../..");

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.includes("node_modules") && /\.(test|testkit)\.ts$/.test(name))
    .map((name) => join(folder, name));
}

describe("SPEC.md and the tests", () => {
  const rules = [...readFileSync(join(here, "SPEC.md"), "utf8").matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(
    ([, id]) => id,
  );
  const carried = new Set(
    ["graph", "durable-objects", "worker", "test"]
      .flatMap((folder) => testFiles(join(root, folder)))
      .flatMap((file) =>
        [...readFileSync(file, "utf8").matchAll(/\[((?!W[ACFHIPS]\d)[A-Z]{2}\d+)\]/g)].map(([, id]) => id),
      ),
  );

  it("has a test for every rule", () => {
    expect(rules.filter((id) => !carried.has(id))).toEqual([]);
  });

  it("knows every rule that a test names", () => {
    expect([...carried].filter((id) => !rules.includes(id))).toEqual([]);
  });

  it("gives every rule an id of its own", () => {
    expect(new Set(rules).size).toBe(rules.length);
  });
});
