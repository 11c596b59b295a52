import type { Example } from "./example.ts";

interface AgentFile {
  name: string;
  description: string;
}

/** The agent files of examples/, as they are. */
const FILES = import.meta.glob<AgentFile>("../../examples/*.json", { eager: true, import: "default" });

const idOf = (path: string) => path.slice(path.lastIndexOf("/") + 1, -".json".length);

export function listExamples(): Example[] {
  return Object.entries(FILES)
    .map(([path, { name, description }]) => ({ id: idOf(path), name, description }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** The agent file, or undefined when there is no such example. */
export function readExample(id: string): unknown {
  const path = Object.keys(FILES).find((candidate) => idOf(candidate) === id);
  return path === undefined ? undefined : FILES[path];
}
