import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";

/** V8's CPU profile, as `Profiler.stop` answers it and DevTools opens it. Times in microseconds. */
export interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number; columnNumber: number };
    children?: number[];
  }[];
  samples: number[];
  timeDeltas: number[];
}

export interface Cost {
  /** Function and the file it is in, or the platform's own. */
  name: string;
  selfMs: number;
  /** With everything it called. */
  totalMs: number;
}

/** Finds the source of a place in the built Worker. */
export class SourceNames {
  readonly #map: SourceMap;

  constructor(mapFile: string) {
    this.#map = new SourceMap(JSON.parse(readFileSync(mapFile, "utf8")) as ConstructorParameters<typeof SourceMap>[0]);
  }

  nameOf({ functionName, url, lineNumber, columnNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
    const name = functionName === "" ? "(anonymous)" : functionName;
    if (!url.endsWith("index.js")) {
      return url === "" ? name : `${name} ${url.split("/").at(-1) ?? ""}`;
    }
    const entry = this.#map.findEntry(lineNumber, columnNumber);
    const source =
      "originalSource" in entry ? entry.originalSource.replace(/^(\.\.\/)+|^file:\/\/.*?\/(?=node_modules)/g, "") : url;
    const line = "originalLine" in entry ? `:${entry.originalLine + 1}` : "";
    return `${name} ${source.replace(/^.*node_modules\//, "")}${line}`;
  }
}

/** Self and total time by function, most expensive first; `(idle)` is left out. */
export function costs(profile: CpuProfile, names: SourceNames): Cost[] {
  const self = new Map<number, number>();
  for (const [index, id] of profile.samples.entries()) {
    self.set(id, (self.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1_000);
  }
  const nodes = new Map(
    profile.nodes.map((node) => [node.id, { name: names.nameOf(node.callFrame), children: node.children ?? [] }]),
  );
  const byName = new Map<string, Cost>();
  const visit = (id: number, above: ReadonlySet<string>): number => {
    const node = nodes.get(id);
    if (node === undefined) {
      return 0;
    }
    const below = above.has(node.name) ? above : new Set([...above, node.name]);
    const own = self.get(id) ?? 0;
    const total = node.children.reduce((sum, child) => sum + visit(child, below), own);
    const cost = byName.get(node.name) ?? { name: node.name, selfMs: 0, totalMs: 0 };
    cost.selfMs += own;
    cost.totalMs += above.has(node.name) ? 0 : total;
    byName.set(node.name, cost);
    return total;
  };
  const [root] = profile.nodes;
  if (root !== undefined) {
    visit(root.id, new Set());
  }
  byName.delete("(idle)");
  byName.delete("(root)");
  return [...byName.values()].toSorted((a, b) => b.selfMs - a.selfMs);
}
