import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = ["blocks", "durable-objects", "graph", "worker", "test/workerd"];
/** Of the pages, which the Worker under test is without. */
const NOT_LOADED = new Set(["react-router"]);

/**
 * What the Worker and its tests import of the packages, as they write it: `drizzle-orm/d1`. Read from the sources, because a package of which only
 * a part is bundled would be there twice.
 */
export function bundledPackages(root: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  const imported = new Set<string>();
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || (name.endsWith(".test.ts") && !name.endsWith(".workerd.test.ts"))) continue;
      const text = readFileSync(join(root, folder, name), "utf8");
      for (const [, specifier = ""] of text.matchAll(/^(?:import|export) (?!type\b)[^;]*? from "([^"]+)"/gm)) {
        imported.add(specifier);
      }
    }
  }
  return [...imported].filter((specifier) => {
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    return Object.hasOwn(dependencies, name) && !NOT_LOADED.has(name);
  });
}
