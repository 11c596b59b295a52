import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateBlockDocs } from "#blocks/generate-docs.ts";
import { blockFamilies } from "#blocks/registry.ts";

/** Writes docs/blocks anew from the blocks: `npm run docs:blocks`. Pages of families that are gone are deleted. */
const folder = join(import.meta.dirname, "../docs/blocks");
const pages = generateBlockDocs(blockFamilies);
await mkdir(folder, { recursive: true });
for (const file of await readdir(folder)) {
  if (file.endsWith(".md") && !pages.has(file)) {
    await rm(join(folder, file));
  }
}
await Promise.all([...pages].map(([file, text]) => writeFile(join(folder, file), text)));
