import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateBlockDocs } from "./generate-docs.ts";
import { blockFamilies } from "./registry.ts";

const folder = join(import.meta.dirname, "../docs/blocks");
const pages = generateBlockDocs(blockFamilies);

test("docs/blocks has a page for each family and nothing else (npm run docs:blocks writes them)", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".md"));
  expect(files.sort()).toEqual([...pages.keys()].sort());
});

test.each([...pages])("docs/blocks/%s is what the blocks say (npm run docs:blocks)", (file, text) => {
  expect(readFileSync(join(folder, file), "utf8")).toBe(text);
});

test("a page tells pins, defaults and examples of a block", () => {
  const page = pages.get("text.md");
  expect(page).toContain("## Text Split\n");
  expect(page).toContain("`d5ea33c8-a575-477a-b42f-2fe3be5055ec`");
  expect(page).toContain("| `strip` | boolean | `true` |");
  expect(page).toContain("| `text` | text | required |");
  expect(page).toContain('→ `texts` `["a","b","c"]`');
});
