import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BLOCK_CATEGORIES } from "#graph/catalog/block-descriptor.ts";
import type { JsonSchema } from "#graph/json.ts";
import { blockRegistry } from "./registry.ts";

const folder = import.meta.dirname;
const blockFiles = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !/\.(test|testkit)\.ts$/.test(path))
  .filter((path) => /^export default defineBlock\(/m.test(readFileSync(join(folder, path), "utf8")));

test("every file that defines a block is in the registry", () => {
  const source = readFileSync(join(folder, "registry.ts"), "utf8");
  const missing = blockFiles.filter((path) => !source.includes(`from "./${path.replaceAll("\\", "/")}";`));
  expect(missing).toEqual([]);
  expect(blockRegistry.list()).toHaveLength(blockFiles.length);
});

test("ids and names are unique, and every block is found by its id", () => {
  const blocks = blockRegistry.list();
  expect(new Set(blocks.map(({ descriptor }) => descriptor.id)).size).toBe(blocks.length);
  expect(new Set(blocks.map(({ descriptor }) => descriptor.name)).size).toBe(blocks.length);
  for (const block of blocks) {
    expect(blockRegistry.get(block.descriptor.id)).toBe(block);
    expect(blockRegistry.catalog.get(block.descriptor.id)).toBe(block.descriptor);
  }
  expect(blockRegistry.get("00000000-0000-0000-0000-000000000000")).toBeUndefined();
  expect(blockRegistry.get("__proto__")).toBeUndefined();
});

test.each(blockRegistry.list().map((block) => [block.descriptor.name, block] as const))(
  "%s is documented",
  (name, block) => {
    const { descriptor } = block;
    expect(name).toMatch(/^[A-Z][A-Za-z0-9]+Block$/);
    expect(descriptor.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(descriptor.description).toMatch(/^[A-Z].{14,}\.$/);
    expect(descriptor.categories.length).toBeGreaterThan(0);
    expect(BLOCK_CATEGORIES).toEqual(expect.arrayContaining(descriptor.categories));
    expect(block.examples.length).toBeGreaterThanOrEqual(2);
    expect(new Set(block.examples.map((example) => example.name)).size).toBe(block.examples.length);
    for (const schema of [descriptor.input_schema, descriptor.output_schema]) {
      expect(undocumentedPins(schema)).toEqual([]);
    }
    expect(JSON.parse(JSON.stringify(descriptor))).toEqual(descriptor);
  },
);

test("blocks have an error pin, but not those for inputs, outputs and notes", () => {
  for (const { descriptor } of blockRegistry.list()) {
    const has = Object.hasOwn(descriptor.output_schema.properties ?? {}, "error");
    expect([descriptor.name, has]).toEqual([
      descriptor.name,
      !["Input", "Output", "Note", "Agent"].includes(descriptor.ui_type),
    ]);
  }
});

function undocumentedPins(schema: JsonSchema): string[] {
  return Object.entries(schema.properties ?? {})
    .filter(([, pin]) => typeof pin.description !== "string" || pin.description.length < 4)
    .map(([pin]) => pin);
}
