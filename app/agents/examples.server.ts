import type { Example } from "./example.ts";

/** The agent files of examples/, as they are: names and descriptions at hand, the rest only when one is chosen. */
const NAMES = import.meta.glob<string>("../../examples/*.json", { eager: true, import: "name" });
const DESCRIPTIONS = import.meta.glob<string>("../../examples/*.json", { eager: true, import: "description" });
const FILES = import.meta.glob<unknown>("../../examples/*.json", { import: "default" });

const idOf = (path: string) => path.slice(path.lastIndexOf("/") + 1, -".json".length);

export function listExamples(): Example[] {
  return Object.entries(NAMES)
    .map(([path, name]) => ({ id: idOf(path), name, description: DESCRIPTIONS[path] ?? "" }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The agent file, or undefined when there is no such example. */
export async function readExample(id: string): Promise<unknown> {
  const path = Object.keys(FILES).find((candidate) => idOf(candidate) === id);
  return path === undefined ? undefined : FILES[path]?.();
}
